//! Layered configuration that reports every mistake at once and documents itself.
