using AiHub.Gateway.Management.SignIn;

namespace AiHub.Tests.Management;

public sealed class SignInTokensTests
{
    [Fact]
    public void A_token_says_which_of_the_two_it_is_and_fits_no_other_place()
    {
        var access = SignInTokens.NewAccess();
        var refresh = SignInTokens.NewRefresh(Guid.CreateVersion7());

        Assert.Matches("^ait_[0-9A-Za-z]{43}$", access);
        Assert.Matches("^air_[0-9A-Za-z]{65}$", refresh);
        Assert.Equal(SignInTokens.Hash(access), SignInTokens.ReadAccess(access));
        Assert.Null(SignInTokens.ReadAccess(refresh));
        Assert.Null(SignInTokens.ReadRefresh(access));
    }

    [Theory]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    [InlineData("01981c2e-7a10-7c3e-8b5e-0242ac120002")]
    [InlineData("ffffffff-ffff-ffff-ffff-ffffffffffff")]
    public void A_refresh_token_names_its_session(string id)
    {
        var refresh = SignInTokens.NewRefresh(Guid.Parse(id));

        var (sessionId, hash) = SignInTokens.ReadRefresh(refresh)!.Value;
        Assert.Equal(Guid.Parse(id), sessionId);
        Assert.Equal(SignInTokens.Hash(refresh), hash);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ait_")]
    [InlineData("ait_012345678901234567890123456789012345678901")]
    [InlineData("ait_01234567890123456789012345678901234567890123")]
    [InlineData("ait_0123456789012345678901234567890123456789'--")]
    [InlineData("ait_ééééééééééééééééééééééééééééééééééééééééééé")]
    [InlineData("AIT_0123456789012345678901234567890123456789012")]
    [InlineData("air_0123456789012345678901234567890123456789012")]
    [InlineData("air_zzzzzzzzzzzzzzzzzzzzzz0123456789012345678901234567890123456789012")]
    public void What_is_no_token_never_reaches_the_database(string text)
    {
        Assert.Null(SignInTokens.ReadAccess(text));
        Assert.Null(SignInTokens.ReadRefresh(text));
    }
}
