using AiHub.Contracts;
using AiHub.Portal.Management;
using AiHub.Portal.SignIn;
using Microsoft.AspNetCore.Components;

namespace AiHub.Portal.Parts;

/// <summary>A page with forms that change something: done, it goes on to where the change shows; refused, it shows the form again with what is wrong.</summary>
public abstract class FormPage : ComponentBase
{
    private string? _refused;

    [Inject]
    public required ManagementClient Management { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    [Inject]
    public required Session Session { get; set; }

    [CascadingParameter]
    public required HttpContext HttpContext { get; set; }

    /// <summary>What was done by the form before, as the address tells it.</summary>
    [SupplyParameterFromQuery]
    public string? Done { get; set; }

    protected ProblemView? Problem { get; private set; }

    protected PostedForm Posted => field ??= new PostedForm(HttpContext);

    protected CancellationToken Ct => HttpContext.RequestAborted;

    /// <summary>What is wrong with a field of one of the page's forms.</summary>
    protected IReadOnlyList<string> Errors(string form, string field) => _refused == form ? Problem.ErrorsOf(field) : [];

    /// <summary>What is wrong with a form as a whole.</summary>
    protected ProblemView? ProblemOf(string form) => _refused == form ? Problem : null;

    /// <param name="form">The form that asked.</param>
    /// <param name="next">Where it goes on.</param>
    protected async Task DoAsync(string form, Task<ProblemView?> work, string next)
    {
        if (await work is { } problem)
        {
            Refuse(form, problem);
            return;
        }

        Navigation.NavigateTo(next);
    }

    protected async Task<T?> AskAsync<T>(string form, Task<Answer<T>> work) where T : class
    {
        var (value, problem) = await work;
        if (problem is not null)
        {
            Refuse(form, problem);
        }

        return value;
    }

    protected void Refuse(string form, ProblemView problem) => (_refused, Problem) = (form, problem);

    /// <summary>What the page itself can tell is wrong, said as the management API says it.</summary>
    protected void Refuse(string form, string field, string message) =>
        Refuse(form, new ProblemView(string.Empty, message, StatusCodes.Status400BadRequest, message, string.Empty, string.Empty, new Dictionary<string, string[]> { [field] = [message] }));
}
