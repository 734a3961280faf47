namespace Pmoas.Sdk.Metrics;

/// <summary>Finds the registered instrument of a definition. Thread-safe.</summary>
internal interface IInstruments
{
    /// <summary>The counter of this definition.</summary>
    /// <exception cref="MetricDefinitionException">The definition is not registered.</exception>
    Counter Counter(CounterDef def);

    /// <summary>The gauge of this definition.</summary>
    /// <exception cref="MetricDefinitionException">The definition is not registered.</exception>
    Gauge Gauge(GaugeDef def);

    /// <summary>The histogram of this definition.</summary>
    /// <exception cref="MetricDefinitionException">The definition is not registered.</exception>
    Histogram Histogram(HistogramDef def);
}
