//! A practice of code that one place shows as kept or broken.

use crate::model::Fact;

/// The topic of a practice. One rule reads each topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// An HTTP server bounds the time for headers and reads.
    ServerTimeouts,
    /// A program ends itself only in `main`.
    ExitOutsideMain,
    /// A dependency that does not answer at start is tried again.
    ConnectRetry,
    /// A failed initialisation is an error, not a null.
    SilentNull,
    /// A limiter that cannot decide rejects.
    LimiterFailure,
    /// A limiter counts for all replicas together.
    LimiterStore,
    /// A limiter's key cannot be chosen by the caller.
    LimiterKey,
    /// A consumer acknowledges after the work.
    Acknowledgement,
    /// A failed message is kept or reported, never reported as done.
    DroppedMessage,
    /// Debug mode is off.
    DebugMode,
    /// A timeout, breaker or limiter that is made is used.
    DeadResilience,
    /// No credential is logged.
    SecretLogged,
    /// A body that is read is bounded.
    UnboundedBody,
    /// Inner errors stay inside.
    InternalError,
    /// Text of a caller stays out of SQL.
    SqlText,
    /// A request's context reaches what is done for it.
    RequestContext,
    /// A pool of connections is bounded.
    PoolBounds,
    /// A health result expires.
    HealthCache,
    /// Dependencies are ready before traffic.
    LazyStart,
    /// A loop in the background ends with the program.
    BackgroundLoop,
    /// A claim's type is checked.
    UncheckedClaim,
    /// The rejection of a JavaScript promise is handled.
    FloatingPromise,
    /// Standard output carries logs only.
    Print,
    /// Logs go to standard output, not to files.
    FileLogging,
    /// The default log level shows what happens without drowning it.
    LogLevel,
    /// Dependencies and base images get security fixes.
    SupportedVersion,
    /// A build takes fixed versions.
    FixedVersion,
    /// Tools of tests are not shipped.
    TestDependency,
    /// A build runs no script from the network.
    RemoteScript,
    /// Containers and accounts have no rights that they do not need.
    Privileges,
    /// The database is a program of its own.
    EmbeddedDatabase,
    /// Management endpoints are not public.
    Management,
    /// Credentials travel encrypted.
    PlainHttp,
    /// The proxy at the edge limits requests.
    EdgeLimit,
    /// Scripts of a page cannot read tokens.
    BrowserToken,
    /// Logs contain no addresses and numbers of persons.
    PersonLogged,
    /// The size of a page has a maximum.
    PageSize,
    /// Addresses of dependencies are not this host.
    LocalAddress,
    /// A failed call becomes an error, not a panic.
    RequestPanic,
    /// Async threads do not block.
    Blocking,
    /// A token is verified with the expected algorithm only.
    TokenAlgorithm,
    /// A token is valid for a short time.
    TokenLifetime,
    /// A task has a time limit.
    TaskLimit,
    /// The broker confirms each message.
    PublisherConfirm,
    /// Work in the background has an owner.
    OwnedTask,
    /// A lost connection is an event, not the end of the process.
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
    /// The request ID goes along with outgoing calls.
    RequestIdentifier,
    /// No test topic or empty payload is published.
    TestPayload,
    /// A message is removed from the queue only after its work is done.
    DestructivePop,
    /// Connections to other services are encrypted.
    PlaintextGrpc,
    /// Limits apply in every environment.
    ConditionalLimit,
    /// Retries wait, longer each time, and end.
    RetryDelay,
    /// The broker delivers a bounded number of messages before an acknowledgement.
    Prefetch,
    /// Values of a request travel by type, not by text.
    ContextKey,
    /// A route without an explicit rule is closed.
    OpenByDefault,
    /// The code contains no credential.
    CodeCredential,
    /// A call through a default client or a client without limits ends.
    OutboundTimeout,
    /// The function that cancels a context is called.
    LostCancel,
    /// Errors are looked at.
    IgnoredError,
    /// The type and the form of outside data are checked before use.
    UncheckedValue,
    /// The cleanup closes everything that was opened.
    Cleanup,
    /// Requests and records stay out of logs.
    BodyLogged,
    /// Documents of the interface are not public.
    ApiDocs,
    /// Routes for debugging are not deployed.
    DebugRoute,
    /// Data of users outlives the process.
    MemoryState,
    /// Each failure is answered, with the right status.
    ErrorAnswer,
    /// The identity of a caller is verified, not taken from its request.
    CallerIdentity,
    /// Secrets and identifiers come from a secure random source.
    WeakRandom,
    /// Passwords are hashed with a function for passwords.
    PlainPassword,
    /// A change and the message about it happen together or not at all.
    DualWrite,
    /// Notifications of other systems are verified.
    Webhook,
    /// A connection to a broker is opened again.
    Reconnect,
    /// Deployed code is written to its end.
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
    /// Names of clients are not paths.
    ClientPath,
    /// A percentage follows the user, not chance.
    RandomPercentage,
    /// Text of a caller becomes no command, address or pattern.
    UnsafeInput,
    /// A missing secret ends the start.
    UncheckedSecret,
    /// Every path gives back what was opened.
    Leak,
    /// A health check that fails is answered as a failure.
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
    /// Hashes of passwords stay in the database.
    ExposedHash,
    /// A session gets a new identifier at the login.
    SessionFixation,
    /// An origin is compared as a whole.
    LooseOrigin,
    /// Settings contain no credential.
    SettingCredential,
    /// Connections and cookies are encrypted.
    Encryption,
    /// An image is built the same each time, and contains what it runs only.
    ImageHygiene,
    /// Texts of callers have a maximum length.
    TextLength,
    /// Sample data stays out of deployments.
    SampleData,
    /// Every route that changes data has a guard.
    OpenRoute,
    /// Redis keys expire.
    Expiry,
    /// The attempts of a login are limited.
    LoginLimit,
    /// A message that fails always is not delivered endlessly.
    Redelivery,
    /// Each valid setting has an effect, and an invalid one is an error.
    LostSetting,
    /// Passwords have a minimum length.
    PasswordLength,
    /// Secrets are compared in constant time.
    SecretComparison,
    /// Logs have fields.
    LogFormat,
    /// Tokens stay out of addresses.
    QueryToken,
    /// A missing name of the environment does not mean development.
    EnvironmentDefault,
    /// Data of stores is not in a folder of one node.
    HostPath,
    /// Stores accept callers with a password only.
    OpenStore,
    /// Numbers of callers have a range.
    NumberRange,
    /// Money is stored in a type without rounding.
    MoneyType,
    /// A label of a metric has few values.
    MetricLabel,
}

/// Whether the practice is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Kept here.
    Kept,
    /// Broken here, and the place alone decides.
    Broken,
    /// Broken here as far as the repository shows.
    LikelyBroken,
    /// Likely broken here, and a person has to verify it. The report lists it for review.
    Review,
    /// Broken here, with little harm.
    Minor,
    /// Unknown.
    Unclear,
}

/// One place.
#[derive(Debug, Clone)]
pub struct Practice {
    /// The topic.
    pub topic: Topic,
    /// The verdict.
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
    const KIND: &'static str = "texts that show that a service keeps a requirement";
}

impl Fact for Practice {
    const KIND: &'static str = "practices of the code";
}
