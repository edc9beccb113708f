//! Programs of Nest: second applications, listeners without a port, brokers without an address, and
//! connections whose end no code awaits.

use super::{SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const TWICE: &str = "`{}` builds the whole application a second time, with its own connections, only to read the settings";
const ANY_PORT: &str = "`{}` opens an HTTP listener on a random port";
const NO_ADDRESS: &str =
    "`{}` has no options, so the client connects to the broker on its own host";
const NOT_AWAITED: &str =
    "the module ends without waiting for `{}…)`, so buffered messages are lost";
const IN_MEMORY: &str =
    "the work after `{}` exists in memory only, so a restart of the process loses it";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::PoolBounds,
        SCRIPT,
        r"(?P<what>\bNestFactory\.(?:createApplicationContext|create)\(\s*(?P<module>\w+))[\s\S]*?\bNestFactory\.create(?:Microservice)?(?:<[^>()]*>)?\(",
        "",
        TWICE,
    ),
    inside(
        Practice::LiteralSetting,
        SCRIPT,
        r"(?P<what>\bapp\.listen\(\s*(?:undefined|null|0)?\s*\))",
        r"NestFactory\.create(?:<[^>()]*>)?\(",
        "createMicroservice",
        ANY_PORT,
    ),
    review(
        Practice::LocalAddress,
        SCRIPT,
        r"(?P<what>\btransport\s*:\s*Transport\.(?:KAFKA|RMQ|REDIS|NATS|MQTT))\s*,?\s*\}",
        "",
        NO_ADDRESS,
    ),
    review(
        Practice::Cleanup,
        SCRIPT,
        r"\b(?:onModuleDestroy|onApplicationShutdown|beforeApplicationShutdown)\([^)\n]*\)[^{\n]*\{\s*(?:if\s*\([^)\n]*\)\s*\{?\s*)?(?P<what>this\.(?:\w+\.)*\w*(?i:producer|consumer|kafka|client|connection|channel|prisma|datasource|pool|redis|admin|queue|worker)\w*\.(?:disconnect|close|quit|end|\$disconnect))\(",
        "",
        NOT_AWAITED,
    ),
    review(
        Practice::OwnedTask,
        SCRIPT,
        r"\bofType\([^)\n]*\)\s*,\s*(?P<what>delay\(\s*\w+\s*\))",
        "",
        IN_MEMORY,
    ),
    inside(
        Practice::OwnedTask,
        SCRIPT,
        r"(?P<what>\bsetTimeout\()\s*(?:async\s*)?\(\s*\)\s*=>\s*\{?[^;]{0,200}?\.(?:emit|publish|send|sendToQueue|dispatch)\w*\(",
        r"(?i)retry|retries|attempt|message|event|job|order|delay",
        r"(?i)socket|ws\.|websocket|\bres\.",
        IN_MEMORY,
    ),
    // An event-sourced aggregate is stored first, and its events leave from memory.
    review(
        Practice::DualWrite,
        SCRIPT,
        r"\bmergeObjectContext\([\s\S]{0,900}?await\s+[\w.]+\.(?:save|create|insert|update|persist)\w*\([^;\n]*\)\s*;?\s*\n(?:[^\n]*\n){0,6}?\s*(?P<what>\w+\.commit\(\s*\))",
        r"(?i)outbox|transaction",
        "the record is stored, and `{}` publishes its events from memory, so a crash in between loses them",
    ),
];
