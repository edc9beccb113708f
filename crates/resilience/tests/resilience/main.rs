//! Simulations of policies, and the shared rate limit with a real Redis.

mod outage;
mod overload;
mod shared_rate_limit;
mod slow_rate_limit_store;
