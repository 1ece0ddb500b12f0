using AiHub.Gateway.Management.Refusals;

namespace AiHub.Gateway.Management;

/// <summary>Words the API reference uses in more than one place.</summary>
public static class Texts
{
    public static readonly Text Cursor = new("The `next_cursor` of the page before.", "上一页返回的 `next_cursor`。");
    public static readonly Text Limit = new("Items per page, 1 to 100; 50 by default.", "每页条数，1 到 100，默认 50。");
    public static readonly Text KeyId = new("The key's id.", "密钥编号。");
    public static readonly Text OrganizationId = new("The organization's id.", "组织编号。");
    public static readonly Text UserId = new("The member's user id.", "成员的用户编号。");
    public static readonly Text TeamId = new("The team's id.", "团队编号。");
    public static readonly Text OrderId = new("The order's id.", "订单编号。");
    public static readonly Text IdempotencyKey = new("Any text of yours, up to 255 characters: the same again finds what it made the first time.", "由您生成的任意文本，最长 255 个字符：重复提交会返回首次创建的结果。");
    public static readonly Text From = new("First day (YYYY-MM-DD) in the organization's time zone; by default 29 days before `to`.", "起始日期（YYYY-MM-DD，组织所在时区）；默认为 `to` 之前 29 天。");
    public static readonly Text To = new("Last day, included; by default today.", "结束日期（包含当天）；默认为今天。");
}
