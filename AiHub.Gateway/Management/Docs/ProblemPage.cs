using System.Net;
using System.Text;
using AiHub.Contracts;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SingleSignOn;

namespace AiHub.Gateway.Management.Docs;

/// <summary>The page a problem's <c>type</c> points to: every code with what it means and what to do.</summary>
public static class ProblemPage
{
    public const string Path = "/docs/errors";

    private static readonly Text Heading = new("AI Hub error codes", "AI Hub 错误码");
    private static readonly Text Introduction = new(
        "What the management API answers when it refuses a call. The code is stable; the texts follow Accept-Language.",
        "管理接口拒绝请求时返回的错误。错误码保持稳定，说明文字随 Accept-Language 变化。");
    private static readonly Text Back = new("API reference", "接口文档");

    private const string Style = """
        :root { color-scheme: light dark; font: 16px/1.6 system-ui, -apple-system, "PingFang SC", "Microsoft YaHei", sans-serif; }
        body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
        section { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding: .75rem 0; }
        section:target { outline: 2px solid #2f6feb; outline-offset: .5rem; border-radius: .25rem; }
        h2 { font-size: 1rem; margin: 0; } p { margin: .25rem 0; } code { font-size: .95em; } a { color: #2f6feb; }
        """;

    public static void MapProblemPage(this IEndpointRouteBuilder routes) =>
        routes.MapGet(Path, (HttpContext context) =>
        {
            var language = context.Request.Language();
            context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
            context.Response.Headers.XContentTypeOptions = "nosniff";
            context.Response.Headers.ContentLanguage = language.Tag();
            context.Response.Headers.Vary = "Accept-Language";
            return TypedResults.Content(Html(language), "text/html; charset=utf-8");
        }).ExcludeFromDescription();

    public static ProblemView Example(ProblemKind kind, Language language)
    {
        object[] values =
            kind == ProblemKind.UnknownMember ? ["nmae"] :
            kind == ProblemKind.RoleNotAllowed ? ["owner, admin, developer", "viewer"] :
            kind == ProblemKind.PlanNotSold ? ["enterprise", "month"] :
            kind == ProblemKind.BalanceTooLow ? ["29", "USD"] :
            kind == ProblemKind.AmountBelowMinimum ? ["stripe", "0.5", "USD"] :
            kind == ProblemKind.KeyLimitReached ? [Keys.MaxActive] :
            kind == ProblemKind.VendorKeyRefused ? [412, "Incorrect API key provided."] :
            kind == ProblemKind.DomainNotProven ? [SignOnExamples.View.ProofName, SignOnExamples.View.ProofValue] :
            kind == ProblemKind.SignOnRequired ? ["Acme"] :
            kind == ProblemKind.SignOnProviderUnusable ? ["login.example.com: 404"] :
            kind == ProblemKind.ScimTokenLimitReached ? [ScimTokens.Most] :
            kind == ProblemKind.PasskeyLimitReached ? [Passkeys.MostPerPerson] :
            kind == ProblemKind.BodyTooLarge ? [ManagementApi.MaxBodyBytes] :
            [30];

        IReadOnlyDictionary<string, string[]>? errors =
            kind == ProblemKind.InvalidRequest ? new Dictionary<string, string[]> { ["name"] = [FieldText.Required.In(language)] } :
            kind == ProblemKind.UnknownMember ? new Dictionary<string, string[]> { ["nmae"] = [FieldText.Unknown.In(language, "nmae")] } :
            null;

        return new ProblemView(
            $"https://hub.example.com{Path}#{kind.Code}",
            kind.Title.In(language),
            kind.Status,
            kind.Detail.In(language, values),
            kind.Code,
            "01981c2e-7a10-7c3e-8b5e-0242ac120009",
            errors,
            kind.Status is 429 or 503 ? 30 : null);
    }

    private static string Html(Language language)
    {
        var html = new StringBuilder();
        html.Append($"<!doctype html><html lang=\"{language.Tag()}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">");
        html.Append($"<title>{Heading.In(language)}</title><style>{Style}</style></head><body><main><h1>{Heading.In(language)}</h1>");
        html.Append($"<p>{Introduction.In(language)} <a href=\"/docs\">{Back.In(language)}</a></p>");
        foreach (var kind in ProblemKind.All)
        {
            var problem = Example(kind, language);
            html.Append($"<section id=\"{kind.Code}\"><h2><code>{kind.Code}</code> · {kind.Status}</h2>");
            html.Append($"<p><strong>{WebUtility.HtmlEncode(problem.Title)}</strong></p><p>{WebUtility.HtmlEncode(problem.Detail)}</p></section>");
        }

        return html.Append("</main></body></html>").ToString();
    }
}
