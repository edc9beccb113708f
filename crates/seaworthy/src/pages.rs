//! One item per page. Its examples are documentation tests.

#[doc = include_str!("../README.md")]
struct Readme;
#[doc = include_str!("../../../README.md")]
struct RepositoryReadme;
#[cfg(all(feature = "account", feature = "auth"))]
#[doc = include_str!("../../../docs/account.md")]
struct Account;
#[cfg(feature = "audit-log")]
#[doc = include_str!("../../../docs/audit-log.md")]
struct AuditLog;
#[cfg(feature = "cache")]
#[doc = include_str!("../../../docs/cache.md")]
struct Cache;
#[cfg(feature = "auth")]
#[doc = include_str!("../../../docs/auth.md")]
struct Auth;
#[cfg(feature = "crypto")]
#[doc = include_str!("../../../docs/crypto.md")]
struct Crypto;
#[cfg(all(feature = "crypto", feature = "data"))]
#[doc = include_str!("../../../docs/data-keys.md")]
struct DataKeys;
#[cfg(feature = "operation-log")]
#[doc = include_str!("../../../docs/masking.md")]
struct Masking;
#[cfg(feature = "flags")]
#[doc = include_str!("../../../docs/flags.md")]
struct Flags;
#[doc = include_str!("../../../docs/client.md")]
struct Client;
#[doc = include_str!("../../../docs/lifecycle.md")]
struct Lifecycle;
#[doc = include_str!("../../../docs/from-axum.md")]
struct FromAxum;
#[doc = include_str!("../../../docs/http.md")]
struct Http;
#[cfg(feature = "outbox")]
#[doc = include_str!("../../../docs/outbox.md")]
struct Outbox;
#[doc = include_str!("../../../docs/telemetry.md")]
struct Telemetry;
#[cfg(feature = "csv")]
#[doc = include_str!("../../../docs/csv.md")]
struct Csv;
#[cfg(feature = "data")]
#[doc = include_str!("../../../docs/data.md")]
struct Data;
#[cfg(feature = "grpc")]
#[doc = include_str!("../../../docs/grpc.md")]
struct Grpc;
#[cfg(feature = "mail")]
#[doc = include_str!("../../../docs/mail.md")]
struct Mail;
#[cfg(feature = "messaging")]
#[doc = include_str!("../../../docs/messaging.md")]
struct Messaging;
#[cfg(all(feature = "auth", feature = "realtime-redis"))]
#[doc = include_str!("../../../docs/realtime.md")]
struct Realtime;
#[cfg(feature = "storage")]
#[doc = include_str!("../../../docs/storage.md")]
struct Storage;
#[cfg(feature = "uploads")]
#[doc = include_str!("../../../docs/uploads.md")]
struct Uploads;
#[cfg(feature = "data")]
#[doc = include_str!("../../../docs/testing.md")]
struct Testing;

#[cfg(feature = "idempotency")]
#[doc = include_str!("../../../docs/how-to/accept-idempotency-keys.md")]
struct AcceptIdempotencyKeys;
#[doc = include_str!("../../../docs/how-to/add-metric.md")]
struct AddMetric;
#[cfg(feature = "data")]
#[doc = include_str!("../../../docs/how-to/add-migration.md")]
struct AddMigration;
#[doc = include_str!("../../../docs/how-to/add-rate-limit.md")]
struct AddRateLimit;
#[doc = include_str!("../../../docs/how-to/add-route.md")]
struct AddRoute;
#[cfg(feature = "data")]
#[doc = include_str!("../../../docs/how-to/add-scheduled-job.md")]
struct AddScheduledJob;
#[cfg(all(feature = "cache", feature = "data"))]
#[doc = include_str!("../../../docs/how-to/cache-query.md")]
struct CacheQuery;
#[doc = include_str!("../../../docs/how-to/call-a-service.md")]
struct CallAService;
#[cfg(feature = "outbox")]
#[doc = include_str!("../../../docs/how-to/consume-messages.md")]
struct ConsumeMessages;
#[cfg(feature = "csv")]
#[doc = include_str!("../../../docs/how-to/import-csv.md")]
struct ImportCsv;
#[cfg(all(feature = "account", feature = "auth"))]
#[doc = include_str!("../../../docs/how-to/log-in-with-openid.md")]
struct LogInWithOpenid;
#[cfg(feature = "outbox")]
#[doc = include_str!("../../../docs/how-to/publish-event.md")]
struct PublishEvent;
#[doc = include_str!("../../../docs/how-to/read-secret.md")]
struct ReadSecret;
#[cfg(feature = "messaging")]
#[doc = include_str!("../../../docs/how-to/replay-dead-letters.md")]
struct ReplayDeadLetters;
#[cfg(feature = "account")]
#[doc = include_str!("../../../docs/how-to/require-second-factor.md")]
struct RequireSecondFactor;
#[cfg(feature = "auth")]
#[doc = include_str!("../../../docs/how-to/rotate-signing-key.md")]
struct RotateSigningKey;
#[doc = include_str!("../../../docs/how-to/trace-request.md")]
struct TraceRequest;
#[cfg(feature = "audit-log")]
#[doc = include_str!("../../../docs/how-to/write-audit-log.md")]
struct WriteAuditLog;
