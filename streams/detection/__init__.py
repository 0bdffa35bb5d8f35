"""From scored texts and room events to alerts: windows in event time, detectors with state, no clock of their own."""
