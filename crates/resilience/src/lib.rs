//! Timeouts, retries, breakers, bulkheads and limits as tower layers.
