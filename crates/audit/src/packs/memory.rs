//! Names of data that must outlive the process, and of data that only concerns the process.

use super::practice::mentions;

const ENTITIES: &[&str] = &[
    "user", "order", "session", "todo", "cart", "token", "otp", "room", "item", "product",
    "payment", "message", "task", "note", "account", "invoice", "booking", "ticket", "comment",
    "post", "wallet", "balance", "vote", "upload", "attempt", "lock", "coupon", "game", "store",
];
const OWN: &[&str] = &[
    "cache",
    "handler",
    "client",
    "metric",
    "config",
    "listener",
    "socket",
    "connection",
    "route",
    "registry",
    "callback",
    "timer",
    "pending",
    "queue",
    "middleware",
    "schema",
    "option",
    "type",
    "error",
    "mock",
    "default",
    "map",
    "label",
    "counter",
    "total",
    "clock",
    "block",
];

/// Whether a name is one of data that must outlive the process.
pub(super) fn is_entity(name: &str) -> bool {
    mentions(name, ENTITIES) && !mentions(name, OWN)
}
