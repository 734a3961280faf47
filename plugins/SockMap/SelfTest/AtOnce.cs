namespace Pmoas.SockMap.SelfTest;

/// <summary>Both ends of a connection at work at the same time.</summary>
internal static class AtOnce
{
    /// <summary>Runs one here and the other on a thread of its own; returns when both are done.</summary>
    /// <exception cref="PropertyException">One of them threw it.</exception>
    internal static void Run(Action one, Action other)
    {
        PropertyException? fault = null;
        Thread second = new(() =>
        {
            try
            {
                other();
            }
            catch (Exception e)
            {
                // The border of a thread: what leaves it ends the process. Thrown again below.
                fault = e as PropertyException ?? new PropertyException(e.Message);
            }
        })
        { IsBackground = true };
        second.Start();
        try
        {
            one();
        }
        finally
        {
            second.Join();
        }

        if (fault is not null)
        {
            throw fault;
        }
    }
}
