using AiHub.Domain.Access;

namespace AiHub.Tests.Access;

public sealed class ApiKeySecretTests
{
    [Fact]
    public void A_new_key_is_well_formed_and_unlike_the_last()
    {
        var key = ApiKeySecret.Generate();

        Assert.Matches("^ai-hub-[0-9A-Za-z]{44}$", key);
        Assert.True(ApiKeySecret.IsWellFormed(key));
        Assert.NotEqual(key, ApiKeySecret.Generate());
    }

    [Fact]
    public void One_wrong_character_anywhere_is_noticed_without_the_database()
    {
        var key = ApiKeySecret.Generate();

        for (var i = ApiKeySecret.Prefix.Length; i < key.Length; i++)
        {
            var typo = key.ToCharArray();
            typo[i] = typo[i] == 'x' ? 'y' : 'x';

            Assert.False(ApiKeySecret.IsWellFormed(typo));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("ai-hub-")]
    [InlineData("sk-1234")]
    [InlineData("ai-hub-" + "éééééééééééééééééééééééééééééééééééééé" + "000000")]
    public void What_is_not_a_key_is_refused(string text) => Assert.False(ApiKeySecret.IsWellFormed(text));
}
