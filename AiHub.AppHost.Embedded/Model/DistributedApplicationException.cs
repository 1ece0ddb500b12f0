namespace Aspire.Hosting;

/// <summary>Something the person who started the AppHost can act on: the message is one sentence for them, and the AppHost prints it instead of a stack trace.</summary>
public class DistributedApplicationException : Exception
{
    public DistributedApplicationException()
    {
    }

    public DistributedApplicationException(string message) : base(message)
    {
    }

    public DistributedApplicationException(string message, Exception inner) : base(message, inner)
    {
    }
}
