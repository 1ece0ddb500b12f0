using System.ComponentModel.DataAnnotations;
using System.Reflection;
using AiHub.Contracts;
using AiHub.Gateway.Management.Refusals;

namespace AiHub.Tests.Management;

public sealed class RequestRulesTests
{
    [Fact]
    public void Every_rule_on_a_contract_has_words_for_people()
    {
        // Constructed without their constructors' checks, so that as many rules as possible are broken.
        var broken = typeof(Json).Assembly.GetExportedTypes()
            .Where(type => !type.IsAbstract && !type.ContainsGenericParameters && type.GetProperties().Any(property => property.GetCustomAttributes<ValidationAttribute>().Any()))
            .Select(System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject)
            .ToList();
        var errors = new FieldErrors(Language.En);

        foreach (var contract in broken)
        {
            RequestRules.Check(contract, "", errors);
        }

        Assert.NotEmpty(broken);
        Assert.Contains("email", errors.ToDictionary().Keys);
    }

    [Fact]
    public void Each_broken_rule_is_told_at_its_field_in_the_callers_language()
    {
        var errors = new FieldErrors(Language.Zh);

        RequestRules.Check(new RegisterRequest("no address", "short", new string('x', 101), Currency: "EUR"), "", errors);
        RequestRules.Check(new NewApiKey("", AllowedModels: new string[201], Limits: new KeyLimits(0)), "", errors);

        Assert.Equal(
            new Dictionary<string, string[]>
            {
                ["email"] = ["须为有效的邮箱地址，例如 name@example.com。"],
                ["password"] = ["长度须为 8 到 256 个字符。"],
                ["display_name"] = ["长度不得超过 100 个字符。"],
                ["currency"] = ["须为以下之一：USD, CNY。"],
                ["name"] = ["此字段必填。"],
                ["allowed_models"] = ["不得超过 200 项。", "该值的类型不正确。"],
                ["limits.requests_per_minute"] = ["须介于 1 和 1000000 之间。"],
            },
            errors.ToDictionary());
    }

    [Theory]
    [InlineData("a\0b@example.com")]
    [InlineData("a\nb@example.com")]
    public void Control_characters_never_get_as_far_as_the_database(string email)
    {
        var errors = new FieldErrors(Language.En);

        RequestRules.Check(new LoginRequest(email, "whatever it is"), "", errors);

        Assert.Equal(["Must not contain control characters."], errors.ToDictionary()["email"]);
    }
}
