//! Practices: requirements that one place of the code keeps or breaks.

use crate::model::Fact;

/// A requirement of the code. One rule reads each practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Practice {
    /// An HTTP server bounds the time for headers and reads.
    ServerTimeouts,
    /// Only `main` ends the process.
    ExitOutsideMain,
    /// The service retries its connection to a dependency at startup.
    ConnectRetry,
    /// A failed initialization returns an error, not null.
    SilentNull,
    /// A limiter that cannot decide rejects.
    LimiterFailure,
    /// A limiter counts for all replicas together.
    LimiterStore,
    /// A limiter's key cannot be chosen by the caller.
    LimiterKey,
    /// A consumer acknowledges after the work.
    Acknowledgement,
    /// A failed message is retried or dead-lettered, not acknowledged.
    DroppedMessage,
    /// Debug mode is off.
    DebugMode,
    /// The code uses each timeout, breaker and limiter that it creates.
    DeadResilience,
    /// No credential is logged.
    SecretLogged,
    /// The size of a body has a limit.
    UnboundedBody,
    /// Responses do not contain internal errors.
    InternalError,
    /// SQL statements do not contain text of callers.
    SqlText,
    /// Calls use the context of their request.
    RequestContext,
    /// A connection pool has a limit.
    PoolBounds,
    /// A health result expires.
    HealthCache,
    /// The service connects to its dependencies before it gets traffic.
    LazyStart,
    /// A background loop stops at the shutdown.
    BackgroundLoop,
    /// The code checks the type of a claim.
    UncheckedClaim,
    /// The rejection of a JavaScript promise is handled.
    FloatingPromise,
    /// Standard output carries logs only.
    Print,
    /// Logs go to standard output, not to files.
    FileLogging,
    /// The default log level is neither debug nor error.
    LogLevel,
    /// Dependencies and base images get security fixes.
    SupportedVersion,
    /// A build uses fixed versions.
    FixedVersion,
    /// Test dependencies are not deployed.
    TestDependency,
    /// A build runs no script from the network.
    RemoteScript,
    /// Containers and accounts have no rights that they do not need.
    Privileges,
    /// The database is a separate server.
    EmbeddedDatabase,
    /// Management endpoints are not public.
    Management,
    /// Connections that carry credentials are encrypted.
    PlainHttp,
    /// The proxy at the edge limits requests.
    EdgeLimit,
    /// Scripts of a page cannot read tokens.
    BrowserToken,
    /// Logs do not contain e-mail addresses or telephone numbers.
    PersonLogged,
    /// The size of a page has a maximum.
    PageSize,
    /// Default addresses of dependencies are not localhost.
    LocalAddress,
    /// A failed call returns an error and does not panic.
    RequestPanic,
    /// Async threads do not block.
    Blocking,
    /// A token is verified with the expected algorithm only.
    TokenAlgorithm,
    /// A token is accepted from its issuer and for its audience only.
    TokenAudience,
    /// A token is valid for a short time.
    TokenLifetime,
    /// A task has a time limit.
    TaskLimit,
    /// The broker confirms each message.
    PublisherConfirm,
    /// A background task has an owner.
    OwnedTask,
    /// A lost connection does not end the process.
    ErrorListener,
    /// Writes that belong together are one transaction.
    PartialWrite,
    /// The database, not a look-up, rejects duplicates.
    LookupBeforeInsert,
    /// A schedule runs on one replica.
    Schedule,
    /// Fields of a record are set by name, not by the caller.
    MassAssignment,
    /// The result of a check of a password is used.
    IgnoredCheck,
    /// A worker has a health check.
    WorkerCheck,
    /// Handlers check that the caller may change the record.
    Ownership,
    /// Handlers check whose record they read or change by an ID of the caller.
    OwnRecord,
    /// An environment can replace a setting.
    LiteralSetting,
    /// Health needs no credentials.
    HealthAccess,
    /// The result of a look-up is checked.
    UncheckedLookup,
    /// A shutdown waits within a context that is still alive.
    ShutdownContext,
    /// Telemetry is flushed at the end.
    TelemetryFlush,
    /// Outgoing calls contain the request ID.
    RequestIdentifier,
    /// No test topic or empty payload is published.
    TestPayload,
    /// A message is removed from the queue only after its work is done.
    DestructivePop,
    /// Connections to other services are encrypted.
    PlaintextGrpc,
    /// Limits apply in every environment.
    ConditionalLimit,
    /// Retries have a growing backoff and a limit.
    RetryDelay,
    /// The broker delivers a bounded number of messages before an acknowledgement.
    Prefetch,
    /// Keys of the request context are types, not strings.
    ContextKey,
    /// A route without an explicit rule is forbidden.
    OpenByDefault,
    /// The code contains no credential.
    CodeCredential,
    /// An outgoing call has a timeout.
    OutboundTimeout,
    /// The function that cancels a context is called.
    LostCancel,
    /// The code handles errors.
    IgnoredError,
    /// The type and the form of outside data are checked before use.
    UncheckedValue,
    /// The cleanup closes everything that was opened.
    Cleanup,
    /// Logs do not contain whole requests or records.
    BodyLogged,
    /// API documents are not public.
    ApiDocs,
    /// Routes for debugging are not deployed.
    DebugRoute,
    /// Data of users outlives the process.
    MemoryState,
    /// Each failure gets a response with the right status.
    ErrorResponse,
    /// The identity of a caller is verified, not taken from its request.
    CallerIdentity,
    /// Secrets and identifiers come from a secure random source.
    WeakRandom,
    /// Passwords are hashed with a function for passwords.
    PlainPassword,
    /// A change and its message are atomic.
    DualWrite,
    /// The code verifies the sender of a webhook.
    Webhook,
    /// The code reconnects to a broker.
    Reconnect,
    /// Deployed code contains no stubs.
    Stub,
    /// A list has a limit.
    UnboundedList,
    /// The size of an upload is bounded.
    UploadSize,
    /// The type of an upload comes from its content.
    UploadType,
    /// Pixels are counted before an image is decoded.
    ImagePixels,
    /// Objects of a bucket are private.
    PublicBucket,
    /// File names of clients do not select paths.
    ClientPath,
    /// A percentage rollout is stable for a user.
    RandomPercentage,
    /// Text of a caller does not become a command, URL or pattern.
    UnsafeInput,
    /// Startup fails if a secret is missing.
    UncheckedSecret,
    /// Every path closes what it opened.
    Leak,
    /// A failed health check returns a failure.
    HealthResult,
    /// Images contain no secret.
    ImageSecret,
    /// Parallel requests change state under a lock only.
    SharedState,
    /// A message that arrives twice has its effect once.
    Idempotency,
    /// A list is read with one query.
    QueryPerRow,
    /// A login does not reveal which accounts exist.
    AccountEnumeration,
    /// Responses do not contain hashes of passwords.
    ExposedHash,
    /// A session gets a new identifier at the login.
    SessionFixation,
    /// An origin is compared as a whole.
    LooseOrigin,
    /// Settings contain no credential.
    SettingCredential,
    /// Connections and cookies are encrypted.
    Encryption,
    /// A build of an image is repeatable, and the image contains only what it runs.
    ImageHygiene,
    /// Texts of callers have a maximum length.
    TextLength,
    /// Deployments do not contain sample data.
    SampleData,
    /// Every route that changes data has a guard.
    OpenRoute,
    /// Redis keys expire.
    Expiry,
    /// Failed logins have a limit.
    LoginLimit,
    /// A message that always fails is not redelivered without a limit.
    Redelivery,
    /// Each valid setting has an effect, and an invalid one is an error.
    LostSetting,
    /// Passwords have a minimum length.
    PasswordLength,
    /// Secrets are compared in constant time.
    SecretComparison,
    /// Logs have fields.
    LogFormat,
    /// URLs do not contain tokens.
    QueryToken,
    /// The default environment is not development.
    EnvironmentDefault,
    /// Data of stores is not in a folder of one node.
    HostPath,
    /// Stores require a password.
    OpenStore,
    /// Numbers of callers have a range.
    NumberRange,
    /// Money is stored in a type without rounding.
    MoneyType,
    /// A label of a metric has few values.
    MetricLabel,
    /// A part of the requests is traced.
    Sampling,
    /// A logout revokes the tokens of its session.
    Logout,
    /// Health checks do not call other services.
    PeerHealth,
    /// Calls share the connections of their process.
    SharedConnection,
    /// Data in memory has a bound.
    GrowingMemory,
    /// A migration keeps the rows that exist.
    DestructiveMigration,
    /// Columns with the ID of another record have an index and a constraint.
    MissingIndex,
}

/// Whether the practice is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The place keeps the practice.
    Kept,
    /// The place breaks the practice, and no other place can change that.
    Broken,
    /// The place breaks the practice as far as the repository shows.
    LikelyBroken,
    /// The place likely breaks the practice. The report lists it for review.
    Review,
    /// Like `Review`, with severity low, because readers reject most places of its kind.
    Guess,
    /// The place breaks the practice, with severity low.
    Minor,
    /// The auditor cannot decide.
    Unclear,
}

/// A place that keeps or breaks a practice.
#[derive(Debug, Clone)]
pub struct Observation {
    /// The practice.
    pub practice: Practice,
    /// Whether the place keeps the practice.
    pub verdict: Verdict,
    /// A pattern of any file of the service that keeps the practice. Empty for none.
    pub elsewhere: &'static str,
    /// The evidence in one sentence, without values.
    pub evidence: String,
}

/// A file with a text that keeps a practice for its whole service.
#[derive(Debug, Clone)]
pub struct Elsewhere {
    /// The pattern that matches.
    pub pattern: &'static str,
}

impl Fact for Elsewhere {
    const KIND: &'static str = "strings that show that a service keeps a requirement";
}

impl Fact for Observation {
    const KIND: &'static str = "practices of the code";
}
