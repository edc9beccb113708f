//! Connections that a service opens and does not close.

use super::{GO, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const NEVER: &str = "`{}` opens a resource that no file of the service closes";

/// Returns a sign for an open connection. `elsewhere` matches code that closes one of its kind.
const fn open(
    files: &'static [&'static str],
    pattern: &'static str,
    elsewhere: &'static str,
) -> Sign {
    Sign {
        elsewhere,
        ..review(Practice::Cleanup, files, pattern, "", NEVER)
    }
}

pub(super) const SIGNS: &[Sign] = &[
    open(
        GO,
        r"(?P<what>\b(?:sql|sqlx|gorm|bun|xorm)\.(?:Open|Connect|ConnectContext|MustConnect|NewEngine))\(",
        r"(?i)\b\w*(?:db|sql|pool|database|pg|postgres|mysql|engine|gorm|store|data)\w*(?:\(\))?\.Close\(",
    ),
    open(
        GO,
        r"(?P<what>\bpgxpool\.(?:New|NewWithConfig|Connect|ConnectConfig))\(",
        r"(?i)\b\w*(?:pool|db|pg|postgres|conn|store)\w*(?:\(\))?\.Close\(",
    ),
    open(
        GO,
        r"(?P<what>\bredis\.New(?:Cluster|Failover|Universal)?Client)\(",
        r"(?i)\b\w*(?:redis|rdb|cache|rds|kv|client)\w*(?:\(\))?\.Close\(",
    ),
    open(
        GO,
        r"(?P<what>\bmongo\.(?:Connect|NewClient))\(",
        r"\.Disconnect\(",
    ),
    open(
        GO,
        r"(?P<what>\bkafka\.(?:NewWriter|NewReader)\(|&kafka\.Writer\{|\bsarama\.New\w*(?:Producer|Consumer|ConsumerGroup|Client)\w*\(|\bkgo\.NewClient\()",
        r"(?i)\b\w*(?:writer|reader|producer|consumer|kafka|client|group|publisher|subscriber)\w*(?:\(\))?\.Close\(|\b[wr]\.Close\(",
    ),
    open(
        GO,
        r"(?P<what>\bamqp(?:091)?\.Dial\w*)\(",
        r"(?i)\b\w*(?:conn|connection|amqp|rabbit|mq|channel|ch|consumer|publisher|client)\w*(?:\(\))?\.Close\(",
    ),
    open(
        GO,
        r"=\s*(?P<what>(?:amqp|kafka|nats|jetstream|redisstream|googlecloud|sql)\.New(?:Publisher|Subscriber)\w*)\(",
        r"(?i)\b\w*(?:pub|sub|publisher|subscriber|router)\w*\.Close\(",
    ),
    open(
        GO,
        r"(?P<what>\bnats\.Connect)\(",
        r"(?i)\b\w*(?:nc|nats|conn|js)\w*\.(?:Drain|Close)\(",
    ),
    open(
        GO,
        r"(?:\w*[sS]tmt\w*)\s*,\s*err\s*:?=\s*(?P<what>\w+(?:\.\w+)*\.(?:Prepare|PrepareContext|Preparex|PrepareNamed))\(",
        r"(?i)stmt\w*\.Close\(",
    ),
    open(GO, r"(?P<what>\bcron\.New)\(", r"\.Stop\(\)"),
    review(
        Practice::Leak,
        GO,
        r"\b\w+ :?= (?P<what>time\.NewTicker)\(",
        r"\.Stop\(\)|for (?:\w+ := )?range \w+\.C\b",
        "no code stops the ticker of `{}`",
    ),
    open(
        SCRIPT,
        r"(?P<what>\.producer)\(\s*(?:\{[^}]*\})?\s*\)",
        r"(?i)producer\w*\.disconnect\(",
    ),
    open(
        SCRIPT,
        r"(?P<what>\.consumer)\(\s*\{",
        r"(?i)consumer\w*\.(?:disconnect|stop)\(",
    ),
    open(
        SCRIPT,
        r"(?P<what>\bamqp(?:lib)?\.connect)\(",
        r"(?i)\b\w*(?:conn|connection|channel|ch|amqp)\w*!?\??\.close\(",
    ),
    open(
        SCRIPT,
        r"(?P<what>\bnew (?:IO)?Redis(?:\.Cluster)?)\(",
        r"\.(?:quit|disconnect)\(",
    ),
    open(
        SCRIPT,
        r"(?P<what>\bmongoose\.connect)\(",
        r"(?i)mongoose\.(?:disconnect|connection\.close)|connection\.close\(|\.disconnect\(",
    ),
    open(
        SCRIPT,
        r"(?P<what>\bnew (?:pg\.)?Pool|mysql2?\.createPool)\(",
        r"\.end\(\s*\)",
    ),
    open(
        SCRIPT,
        r"(?P<what>\bnew PrismaClient)\(",
        r"\$disconnect|enableShutdownHooks",
    ),
    open(
        SCRIPT,
        r"(?P<what>\bnew (?:Sequelize|DataSource))\(",
        r"(?i)(?:sequelize|dataSource|db|database|connection)\w*\.(?:close|destroy)\(",
    ),
    open(
        SCRIPT,
        r"(?P<what>\bnew (?:Bull|Queue|Worker|Agenda))\(",
        r"(?i)(?:queue|worker|agenda|job)\w*\.(?:close|stop)\(",
    ),
    open(
        PYTHON,
        r"(?P<what>\bcreate_(?:async_)?engine)\(",
        r"\.dispose\(",
    ),
    open(
        PYTHON,
        r"(?P<what>\basyncpg\.create_pool|\baioredis\.from_url|\bredis\.(?:asyncio\.)?(?:from_url|Redis|StrictRedis)|=\s*Redis(?:\.from_url)?|\bAsyncIOMotorClient|\bMongoClient|\bpika\.BlockingConnection)\(",
        r"\.(?:close|aclose|disconnect)\(",
    ),
    open(
        PYTHON,
        r"(?P<what>\b(?:AIO)?Kafka(?:Producer|Consumer))\(",
        r"\.(?:stop|close|flush)\(",
    ),
    open(
        PYTHON,
        r"=\s*(?P<what>(?:aiohttp\.ClientSession|httpx\.AsyncClient))\(",
        r"\.(?:close|aclose)\(",
    ),
    open(
        &[".rs"],
        r"(?P<what>\b(?:Pg|MySql|Sqlite)PoolOptions::new)\(",
        r"(?i)\b\w*pool\w*\.close\(\)",
    ),
];
