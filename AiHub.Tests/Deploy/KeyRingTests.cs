using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AiHub.ServiceDefaults;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AiHub.Tests.Deploy;

public sealed class KeyRingTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("aihub-ring-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_copy_of_the_ring_opens_nothing_without_its_certificate_and_a_new_certificate_still_opens_the_old()
    {
        var (first, second) = (Certificate("first"), Certificate("second"));
        var sealedText = Protector(new() { ["KeyRing:Certificate"] = first, ["KeyRing:CertificatePassword"] = "p" }).Protect("a vendor's key");

        var ring = Assert.Single(Directory.GetFiles(_folder.FullName, "key-*.xml"));
        Assert.DoesNotContain("<masterKey", File.ReadAllText(ring), StringComparison.Ordinal);
        Assert.ThrowsAny<CryptographicException>(() => Protector([]).Unprotect(sealedText));
        Assert.Equal("a vendor's key", Protector(new() { ["KeyRing:Certificate"] = second, ["KeyRing:PreviousCertificate"] = first, ["KeyRing:CertificatePassword"] = "p" }).Unprotect(sealedText));
    }

    private IDataProtector Protector(Dictionary<string, string?> settings)
    {
        var services = new ServiceCollection();
        services.AddDataProtection().SetApplicationName("test").PersistKeysToFileSystem(_folder).SealKeys(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        return services.BuildServiceProvider().GetRequiredService<IDataProtectionProvider>().CreateProtector("test");
    }

    private string Certificate(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(1));
        var path = Path.Combine(_folder.FullName, $"{name}.pfx");
        File.WriteAllBytes(path, certificate.Export(X509ContentType.Pfx, "p"));
        return path;
    }
}
