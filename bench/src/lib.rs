//! Benchmarks, paired with the bare alternative.
