//! Clients, tasks and stores of services with .NET.

use super::{Sign, inside, review};
use crate::model::facts::Practice;

const CSHARP: &[&str] = &[".cs"];

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::EmbeddedDatabase,
        CSHARP,
        r"(?P<what>\.UseInMemoryDatabase)\(",
        r"IsDevelopment|IsEnvironment|\bif\s*\(",
        "the process loses the records of `{}` when it stops",
    ),
    review(
        Practice::PublisherConfirm,
        CSHARP,
        r"\.BasicPublish(?:Async)?\([^;]*?(?P<what>\bbasicProperties:\s*null|,\s*null\s*,)",
        "",
        "the message of `{}` is not persistent and has no ID",
    ),
    review(
        Practice::Leak,
        CSHARP,
        r"(?m)^\s*(?:var|[A-Z]\w+)\s+\w+\s*=\s*(?P<what>new (?:SmtpClient|MailMessage|FileStream|StreamReader|StreamWriter|SqlConnection|NpgsqlConnection|MySqlConnection|SqlCommand|TcpClient|UdpClient))\(",
        r"Dispose|\.Close\(|\bfinally\b",
        "no path disposes the object of `{}…)`",
    ),
    review(
        Practice::IgnoredError,
        CSHARP,
        r"(?P<what>\bcatch\s*\(\w*Exception \w+\))\s*\{[^{}]*\}",
        r"(?i)\w*log\w*[.(]|throw|\b(?:ex|e|exception|err|error)[.,]|[(,]\s*(?:ex|e|exception|err|error)\s*[,)]",
        "`{}` hides the failure",
    ),
    inside(
        Practice::RequestContext,
        CSHARP,
        r"\b(?:Handle|\w+Async)\([^)]*\bCancellationToken (?P<what>cancellationToken|cancellation|ct|token)\s*(?:=\s*default\s*)?\)",
        r"await [\w.]+\(",
        r"[,(]\s*(?:cancellationToken|cancellation|ct|token)\s*[,)]|\b(?:cancellationToken|cancellation|ct|token)\.|\w+:\s*(?:cancellationToken|cancellation|ct|token)\b",
        "no call gets `{}`, so the work continues after the caller disconnected",
    ),
    review(
        Practice::BackgroundLoop,
        CSHARP,
        r"\boverride (?:async )?Task ExecuteAsync\(\s*CancellationToken (?P<what>\w+)\s*\)",
        r"IsCancellationRequested|[,(]\s*(?:stoppingToken|cancellationToken|ct|token)\s*[,)]|\b(?:stoppingToken|cancellationToken|ct|token)\.",
        "the worker ignores `{}`, so a stop aborts the current message",
    ),
    review(
        Practice::OutboundTimeout,
        CSHARP,
        r"(?P<what>\bnew MongoClient\()",
        r"Timeout|MongoClientSettings",
        "the client of `{}…)` sets no timeout",
    ),
    review(
        Practice::Cleanup,
        CSHARP,
        r"(?P<what>\.CreateConnection(?:Async)?)\(\s*\)",
        r"Dispose|\.Close\(|\.CloseAsync\(|\busing\s+var\b|\busing\s*\(",
        "no code closes the connection of `{}`",
    ),
    review(
        Practice::Reconnect,
        CSHARP,
        r"=\s*(?:await\s+)?[\w.()]*?(?P<what>\bCreate(?:Model|Channel|ChannelAsync))\(",
        r"IsOpen|IsClosed|(?:Model|Channel)Shutdown|CallbackException|\busing\s+var\b|\busing\s*\(|CloseReason",
        "an error of the broker closes the channel of `{}`, and no code opens it again",
    ),
    inside(
        Practice::SharedState,
        CSHARP,
        r"(?P<what>\bReplaceOne(?:Async)?)\(",
        r"\.Find(?:Async|Sync)?\(",
        r"(?i)version|etag|concurren",
        "`{}` writes a record that was read before as a whole, so a parallel change is lost",
    ),
    Sign {
        elsewhere: r"RowVersion|IsConcurrencyToken|ConcurrencyCheck|\[Timestamp\]",
        ..review(
            Practice::SharedState,
            CSHARP,
            r"(?P<what>\.AsNoTracking\(\))\s*\.(?:First|Single)(?:OrDefault)?(?:Async)?\([\s\S]*?[cC]ontext\w*(?:\.\w+)?\.Update\(",
            "",
            "`{}` reads a record that `Update` writes back without a version, so a parallel change is lost",
        )
    },
    review(
        Practice::SampleData,
        CSHARP,
        r#"(?P<what>\bmigrationBuilder\.(?:Sql\(\s*@?"\s*(?i:insert)\s+(?i:into\s+)?\[?\w*(?i:customer|user|product|order|account|employee)s?|InsertData\(\s*table:\s*"\w*(?:Customer|User|Product|Order|Account|Employee)s?"))"#,
        "",
        "`{}` adds sample records in every environment",
    ),
    review(
        Practice::ErrorResponse,
        CSHARP,
        r"(?P<what>(?:\b(?i:\w*isempty)\(\w+\)|!\w+\.Any\(\)|\w+\.Count(?:\(\))?\s*==\s*0)\s*(?:\?|\)\s*\{?\s*return)\s*NotFound)\(",
        "",
        "`{}` answers an empty list with 404",
    ),
];
