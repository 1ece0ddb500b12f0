namespace AiHub.Domain.Invoices;

/// <summary>统一社会信用代码 as GB 32100-2015 defines it: eighteen characters, the last of which proves the others.</summary>
public static class SocialCreditCode
{
    // Without I, O, S, V, Z, which look like others.
    private const string Letters = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    private const int Length = 18;
    private static readonly int[] Weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

    public static bool IsValid(string text)
    {
        if (text.Length != Length)
        {
            return false;
        }

        var sum = 0;
        for (var i = 0; i < Length - 1; i++)
        {
            if (Letters.IndexOf(text[i], StringComparison.Ordinal) is not (>= 0 and var value))
            {
                return false;
            }

            sum += value * Weights[i];
        }

        return text[^1] == Letters[(Letters.Length - (sum % Letters.Length)) % Letters.Length];
    }
}
