using AiHub.Contracts;
using AiHub.Gateway.Management.Refusals;

namespace AiHub.Gateway.Management.Docs;

/// <summary>What the API reference shows of fapiao.</summary>
public static class FapiaoExamples
{
    private static readonly DateTimeOffset Moment = new(2026, 2, 2, 2, 0, 0, TimeSpan.Zero);

    public static readonly FapiaoBalance Balance = new("299", "CNY");
    public static readonly NewFapiaoTitle NewTitle = new("company", "杭州示例科技有限公司", "91350100M000100Y43", "finance@example.com", "杭州市西湖区文三路 1 号", "0571-88880000", "招商银行杭州分行", "571900000000001");
    public static readonly FapiaoTitleView Title = new(
        Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120030"), "company", NewTitle.Name, NewTitle.TaxId, NewTitle.Email, NewTitle.Address!, NewTitle.Phone!, NewTitle.Bank!, NewTitle.BankAccount!, Moment);
    public static readonly NewFapiao NewFapiao = new(Title.Id, "special", "299.00");
    public static readonly FapiaoView Fapiao = new(
        Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120031"), Title.Id, Title.Name, "special", "issued", "299", "16.92", "CNY", "26332000000000000123", null, null, Moment, Moment.AddHours(5), null);
    public static readonly FapiaoReason Reason = new("made out to the wrong company");
    public static readonly HubFapiaoView OfHub = new(Fapiao.Id, Examples.Organization.Id, "Lin's organization", "special", "submitted", "299", "16.92", "6", "", Title, null, null, null, Moment);
    public static readonly FapiaoImport Import = new([new FapiaoImportLine(Fapiao.Id, "26332000000000000123")]);
    public static readonly FapiaoImported Imported = new(1, []);

    private static readonly Text TitleKind = new("personal or company.", "personal（个人）或 company（企业）。");
    private static readonly Text Kind = new("general or special.", "general（数电普票）或 special（数电专票）。");
    private static readonly Text Status = new("submitted, issuing, issued, rejected, failed, red_pending or reversed.", "submitted、issuing、issued、rejected、failed、red_pending 或 reversed。");
    private static readonly Text Amount = new("With tax; a decimal string.", "含税金额，十进制字符串。");

    public static readonly IReadOnlyDictionary<(Type, string), Text> Fields = new Dictionary<(Type, string), Text>
    {
        [(typeof(FapiaoBalance), "invoiceable")] = new("What was paid and consumed and is on no fapiao yet.", "已支付且已消费、尚未开票的金额。"),
        [(typeof(NewFapiaoTitle), "kind")] = TitleKind,
        [(typeof(NewFapiaoTitle), "name")] = new("In whose name, as registered.", "抬头名称，须与登记名称一致。"),
        [(typeof(NewFapiaoTitle), "tax_id")] = new("The unified social credit code of a company; null of a person.", "企业的统一社会信用代码；个人为 null。"),
        [(typeof(NewFapiaoTitle), "email")] = new("Where fapiao are delivered.", "发票接收邮箱。"),
        [(typeof(FapiaoTitleView), "kind")] = TitleKind,
        [(typeof(FapiaoTitleView), "email")] = new("Where fapiao are delivered.", "发票接收邮箱。"),
        [(typeof(NewFapiao), "kind")] = Kind,
        [(typeof(NewFapiao), "amount")] = Amount,
        [(typeof(FapiaoView), "kind")] = Kind,
        [(typeof(FapiaoView), "status")] = Status,
        [(typeof(FapiaoView), "amount")] = Amount,
        [(typeof(FapiaoView), "number")] = new("The tax platform's number; null until it is issued.", "发票号码；未开具时为 null。"),
        [(typeof(HubFapiaoView), "kind")] = Kind,
        [(typeof(HubFapiaoView), "status")] = Status,
        [(typeof(HubFapiaoView), "amount")] = Amount,
        [(typeof(HubFapiaoView), "title")] = new("In whose name, with all details.", "抬头及其全部信息。"),
        [(typeof(HubFapiaoView), "number")] = new("The tax platform's number; null until it is issued.", "发票号码；未开具时为 null。"),
        [(typeof(FapiaoReason), "reason")] = new("Why.", "原因。"),
        [(typeof(FapiaoView), "reason")] = new("Why it was refused, failed or is to be reversed; null otherwise.", "被驳回、失败或申请红冲的原因；其他情况为 null。"),
        [(typeof(HubFapiaoView), "reason")] = new("Why it was refused, failed or is to be reversed; null otherwise.", "被驳回、失败或申请红冲的原因；其他情况为 null。"),
        [(typeof(FapiaoImport), "lines")] = new("What the tax platform answered, a line a request.", "税务平台返回的结果，每个申请一行。"),
        [(typeof(FapiaoImportLine), "id")] = new("The request's id.", "发票申请编号。"),
        [(typeof(FapiaoImportLine), "number")] = new("The blue number of a request to be issued, the red one of a request to be reversed.", "待开具申请的蓝字发票号码，或待红冲申请的红字发票号码。"),
        [(typeof(FapiaoImported), "imported")] = new("Requests that were issued or reversed now.", "本次变为已开具或已红冲的申请数。"),
        [(typeof(FapiaoImported), "skipped")] = new("Ids that waited for no number, or whose number is taken or none.", "未处于等待状态，或号码已被占用、格式不正确的申请编号。"),
    };

    public static readonly IReadOnlyDictionary<string, Text> Shared = new Dictionary<string, Text>
    {
        ["title_id"] = new("The title's id.", "抬头编号。"),
        ["title_name"] = new("In whose name.", "抬头名称。"),
        ["phone"] = new("Needed for a special fapiao.", "电话；开具专票时必填。"),
        ["bank"] = new("Needed for a special fapiao.", "开户行；开具专票时必填。"),
        ["bank_account"] = new("Needed for a special fapiao.", "银行账号；开具专票时必填。"),
        ["remark"] = new("Printed in the remarks.", "打印在备注栏。"),
        ["red_number"] = new("The number of the red fapiao; null unless reversed.", "红字发票号码；未红冲时为 null。"),
        ["reversed_at"] = new("When it was reversed; null unless it was.", "红冲时间；未红冲时为 null。"),
    };
}
