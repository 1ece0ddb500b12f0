using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;

namespace AiHub.Tests.Management;

public sealed class PasswordRulesTests
{
    [Theory]
    [InlineData("password")]
    [InlineData("PassWord1")]
    [InlineData("12345678")]
    [InlineData("5201314520")]
    [InlineData("woaini1314")]
    [InlineData("qwertyuiop")]
    [InlineData("zzzzzzzzzzzz")]
    public void What_attackers_try_first_is_refused(string password) =>
        Assert.Same(FieldText.PasswordCommon, PasswordRules.Judge(password, "me@example.com"));

    [Fact]
    public void The_address_itself_is_refused_however_it_is_written() =>
        Assert.Same(FieldText.PasswordIsEmail, PasswordRules.Judge("ME@Example.com", "me@example.com"));

    [Theory]
    [InlineData("correct horse battery")]
    [InlineData("lowercaseonly-no-digits")]
    [InlineData("        x")]
    [InlineData("密码也可以是一句话")]
    public void No_rule_of_composition_stands_in_the_way(string password) =>
        Assert.Null(PasswordRules.Judge(password, "me@example.com"));

    [Fact]
    public void Two_encodings_of_the_same_characters_are_the_same_password() =>
        Assert.Equal(PasswordRules.Normalize("caf\u00e9 society"), PasswordRules.Normalize("cafe\u0301 society"));
}
