using AiHub.Contracts;
using AiHub.Gateway.Management.Refusals;

namespace AiHub.Gateway.Management.Docs;

/// <summary>Examples and fields of budgets and audits in the API reference.</summary>
public static class BudgetExamples
{
    private static readonly DateTimeOffset Moment = new(2026, 1, 31, 8, 30, 0, TimeSpan.Zero);

    public static readonly Text Id = new("The budget's id.", "预算编号。");

    public static readonly NewBudget New = new("50.00", "USD", "key", Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120003"));
    public static readonly BudgetChange Change = new(Raise: new BudgetRaise("80.00", new DateTimeOffset(2026, 2, 7, 0, 0, 0, TimeSpan.Zero)));
    public static readonly BudgetView Budget = new(
        Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120006"), "key", New.SubjectId!.Value, "build server", null, null, "USD", "50", "month", "calendar", Moment, true, [50, 80, 95, 100],
        null, "50", "12.25", "0.5", "37.25", new DateTimeOffset(2025, 12, 31, 16, 0, 0, TimeSpan.Zero), new DateTimeOffset(2026, 1, 31, 16, 0, 0, TimeSpan.Zero), "Lin", Moment);

    public static readonly LedgerAuditView Audit = new(
        Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120007"), Moment, Moment.AddSeconds(3), true, 0,
        new Dictionary<string, long> { ["organizations"] = 120, ["journals"] = 84_120, ["open_holds"] = 7 }, []);

    public static readonly IReadOnlyDictionary<(Type, string), Text> Fields = new Dictionary<(Type, string), Text>
    {
        [(typeof(NewBudget), "amount")] = new("Weighted plan tokens, or money at list price; a number or a decimal string.", "套餐令牌数，或按目录价计的金额；数字或十进制字符串。"),
        [(typeof(NewBudget), "unit")] = new("tokens, or the organization's currency.", "tokens 或组织的结算货币。"),
        [(typeof(NewBudget), "scope")] = new("Whose spending it limits: organization, team, user or key.", "限制对象：organization、team、user 或 key。"),
        [(typeof(NewBudget), "subject_id")] = new("The team, user or key; not for the organization.", "团队、用户或密钥的编号；组织级预算无需填写。"),
        [(typeof(NewBudget), "model")] = new("Only what this model answers; with neither model nor vendor everything counts.", "仅统计该模型；model 与 vendor 均不填时统计全部。"),
        [(typeof(NewBudget), "vendor")] = new("Only what this vendor answers.", "仅统计该厂商。"),
        [(typeof(NewBudget), "anchor")] = new("What anniversaries are counted from; by default now.", "周年周期的起算时间；默认为当前时间。"),
        [(typeof(KeyBudget), "amount")] = new("Weighted plan tokens, or money at list price; a number or a decimal string.", "套餐令牌数，或按目录价计的金额；数字或十进制字符串。"),
        [(typeof(KeyBudget), "unit")] = new("tokens, or the organization's currency.", "tokens 或组织的结算货币。"),
        [(typeof(BudgetChange), "amount")] = new("The new amount; null leaves it.", "新的额度；null 表示不变。"),
        [(typeof(BudgetChange), "hard")] = new("Whether it refuses what does not fit; null leaves it.", "超出时是否拒绝；null 表示不变。"),
        [(typeof(BudgetChange), "alert_at")] = new("The new percentages; null leaves them.", "新的提醒百分比；null 表示不变。"),
        [(typeof(BudgetChange), "raise")] = new("Allows another amount for a time; an empty object ends that.", "在一段时间内允许另一额度；传入空对象可提前结束。"),
        [(typeof(BudgetRaise), "amount")] = new("What is allowed instead.", "临时额度。"),
        [(typeof(BudgetRaise), "until")] = new("When the raise ends.", "临时提额的结束时间。"),
        [(typeof(BudgetView), "scope")] = new("Whose spending it limits: organization, team, user or key.", "限制对象：organization、team、user 或 key。"),
        [(typeof(BudgetView), "subject_id")] = new("Id of that organization, team, user or key.", "对应组织、团队、用户或密钥的编号。"),
        [(typeof(BudgetView), "subject")] = new("Its name.", "其名称。"),
        [(typeof(BudgetView), "model")] = new("The model it counts; null for all.", "所统计的模型；null 表示全部。"),
        [(typeof(BudgetView), "vendor")] = new("The vendor it counts; null for all.", "所统计的厂商；null 表示全部。"),
        [(typeof(BudgetView), "unit")] = new("tokens, or the organization's currency.", "tokens 或组织的结算货币。"),
        [(typeof(BudgetView), "amount")] = new("What may be used each period.", "每个周期的额度。"),
        [(typeof(BudgetView), "anchor")] = new("What anniversaries are counted from.", "周年周期的起算时间。"),
        [(typeof(BudgetView), "raise")] = new("What is allowed instead for a time; null when nothing is.", "临时提额；没有则为 null。"),
        [(typeof(BudgetView), "limit")] = new("What may be used in this period: the amount, or the raised amount while it is raised.", "本周期的有效额度：通常为 amount，临时提额期间为提额后的额度。"),
        [(typeof(BudgetView), "used")] = new("Used in this period.", "本周期已用。"),
        [(typeof(BudgetView), "free")] = new("What is left: limit − used − held, never below zero.", "剩余：limit − used − held，不小于零。"),
        [(typeof(BudgetView), "period_starts_at")] = new("When the current period began; null for a lifetime, or before the first call in it.", "当前周期开始时间；永久预算或本周期尚无调用时为 null。"),
        [(typeof(BudgetView), "resets_at")] = new("When the next period begins.", "下一周期开始时间。"),
        [(typeof(BudgetView), "set_by")] = new("Who set it.", "设置者。"),
        [(typeof(LedgerAuditView), "started_at")] = new("When it began.", "开始时间。"),
        [(typeof(LedgerAuditView), "finished_at")] = new("When it ended.", "结束时间。"),
        [(typeof(LedgerAuditView), "on_demand")] = new("Whether an operator asked for it; false for the nightly one.", "是否由运营者发起；每晚自动审计为 false。"),
        [(typeof(LedgerAuditView), "violations")] = new("How many things were wrong; 0 is as it should be.", "发现的问题数；正常为 0。"),
        [(typeof(LedgerAuditView), "looked")] = new("How many of each there were to look at.", "各类账目的数量。"),
        [(typeof(LedgerAuditView), "findings")] = new("The first hundred, as text.", "前一百条问题的描述。"),
    };

    public static readonly IReadOnlyDictionary<string, Text> Shared = new Dictionary<string, Text>
    {
        ["period"] = new("day, week, month or lifetime, in the organization's time zone.", "day、week、month 或 lifetime，按组织所在时区划分。"),
        ["alignment"] = new("calendar: periods begin at local midnight, weeks on Monday; anniversary: at the time the budget began.", "calendar：按自然日、周（周一）、月划分；anniversary：按预算起算时间划分。"),
        ["hard"] = new("True refuses what does not fit, calls under way included; false only counts and warns.", "true：超出时拒绝（含进行中的调用）；false：仅统计与提醒。"),
        ["alert_at"] = new("Percentages of the budget at which somebody is told.", "触发提醒的百分比。"),
        ["budget"] = new("The budget of this key; null if it has none of its own.", "该密钥的预算；没有则为 null。"),
    };
}
