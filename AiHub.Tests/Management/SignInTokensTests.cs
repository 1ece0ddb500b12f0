using AiHub.Gateway.Management.SignIn;

namespace AiHub.Tests.Management;

public sealed class SignInTokensTests
{
    [Fact]
    public void A_token_says_which_of_the_two_it_is_and_fits_no_other_place()
    {
        var access = SignInTokens.NewAccess();
        var refresh = SignInTokens.NewRefresh();

        Assert.Matches("^ait_[0-9A-Za-z]{43}$", access);
        Assert.Matches("^air_[0-9A-Za-z]{43}$", refresh);
        Assert.Equal(32, SignInTokens.Hash(access, SignInTokens.AccessPrefix)!.Length);
        Assert.Null(SignInTokens.Hash(access, SignInTokens.RefreshPrefix));
        Assert.Null(SignInTokens.Hash(refresh, SignInTokens.AccessPrefix));
    }

    [Theory]
    [InlineData("")]
    [InlineData("ait_")]
    [InlineData("ait_0123456789012345678901234567890123456789012")]
    [InlineData("ait_01234567890123456789012345678901234567890123456789")]
    [InlineData("ait_0123456789012345678901234567890123456789'--")]
    [InlineData("ait_ééééééééééééééééééééééééééééééééééééééééééé")]
    public void What_is_no_token_never_reaches_the_database(string text)
    {
        var expected = text == "ait_0123456789012345678901234567890123456789012";

        Assert.Equal(expected, SignInTokens.Hash(text, SignInTokens.AccessPrefix) is not null);
    }
}
