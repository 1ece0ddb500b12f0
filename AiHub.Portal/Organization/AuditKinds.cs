using AiHub.Portal.Resources;

namespace AiHub.Portal.Organization;

/// <summary>What audited actions are about: the part of their name before the dot.</summary>
public static class AuditKinds
{
    /// <summary>As the filter of the management API wants them: with the dot, for all of a kind.</summary>
    public static IReadOnlyList<(string Prefix, string Name)> OfOrganizations =>
    [
        ("member.", Text.Audit_Member),
        ("invitation.", Text.Audit_Invitation),
        ("service_account.", Text.Audit_ServiceAccount),
        ("team.", Text.Audit_Team),
        ("api_key.", Text.Audit_Key),
        ("policy.", Text.Audit_Policy),
        ("guardrail.", Text.Guardrails_Title),
        ("own_vendor_key.", Text.OwnKeys_Title),
        ("content.", Text.Content_Title),
        ("limits.", Text.Audit_Limits),
        ("budget.", Text.Audit_Budget),
        ("alert_channel.", Text.Audit_AlertChannel),
        ("alert_rule.", Text.Audit_AlertRule),
        ("payment_order.", Text.Audit_Order),
        ("refund.", Text.Audit_Refund),
        ("auto_top_up.", Text.AutoTopUp_Title),
        ("payment_method.", Text.Card_Saved),
        ("subscription.", Text.Plan_Title),
        ("contract.", Text.Orgs_Contract),
        ("discount.", Text.Discounts_Title),
        ("billing_profile.", Text.Profile_Title),
        ("invoice.", Text.Invoices_Title),
        ("credit_note.", Text.Invoices_CreditNotes),
        ("fapiao.", Text.Fapiao_Title),
        ("fapiao_title.", Text.Fapiao_Titles),
        ("organization.", Text.Audit_Organization),
        ("sign_on.", Text.SignOnPage_Title),
        ("scim_", Text.Audit_Scim),
        ("passkey.", Text.Passkeys_Title),
        ("session.", Text.Audit_Session),
        ("user.", Text.Audit_User),
    ];

    /// <returns>Null for a kind this page has no word for; the action's own name stands anyway.</returns>
    public static string? NameOf(string action) =>
        OfOrganizations.Where(kind => action.StartsWith(kind.Prefix, StringComparison.Ordinal)).Select(kind => kind.Name).FirstOrDefault();
}
