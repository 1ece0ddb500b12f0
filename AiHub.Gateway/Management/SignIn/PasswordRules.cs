using System.Collections.Frozen;
using System.Text;
using AiHub.Gateway.Management.Refusals;

namespace AiHub.Gateway.Management.SignIn;

/// <summary>
/// Which passwords are taken: long enough, not among those attackers try first, not the e-mail address.
/// No rules of composition, as NIST SP 800-63B advises: they make passwords harder to remember, not harder to guess.
/// </summary>
public static class PasswordRules
{
    /// <summary>PBKDF2 with HMAC-SHA-512, as OWASP advises; older hashes are made anew at the next sign-in.</summary>
    public const int Iterations = 210_000;

    private const string List = "AiHub.Gateway.Management.SignIn.common-passwords.txt";

    private static readonly FrozenSet<string> Common = ReadCommon();

    /// <summary>The same password typed on two keyboards may arrive in two encodings of the same characters; both must fit.</summary>
    public static string Normalize(string password) => password.Normalize(NormalizationForm.FormKC);

    /// <returns>What is wrong with it, or null.</returns>
    public static Text? Judge(string password, string email)
    {
        if (string.Equals(password, email, StringComparison.OrdinalIgnoreCase))
        {
            return FieldText.PasswordIsEmail;
        }

        return Common.Contains(password.ToLowerInvariant()) || password.All(character => character == password[0])
            ? FieldText.PasswordCommon
            : null;
    }

    private static FrozenSet<string> ReadCommon()
    {
        using var stream = typeof(PasswordRules).Assembly.GetManifestResourceStream(List)
            ?? throw new InvalidOperationException($"{List} is not embedded in this build.");
        using var reader = new StreamReader(stream);

        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).ToFrozenSet();
    }
}
