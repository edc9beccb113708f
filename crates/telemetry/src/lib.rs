//! What a service tells: logs, metrics and traces that cost little and never block.

pub mod metrics;
