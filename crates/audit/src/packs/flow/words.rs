//! Words by which functions and their effects are recognized.

/// Parts of paths of one-off programs.
pub(super) const ONE_OFF: &[&str] = &["migrat", "seed", "fixture", "script"];
/// Prefixes of methods that add a record, in lower case.
pub(super) const INSERTS: &[&str] = &[
    "create", "insert", "save", "persist", "add", "put", "register",
];
/// Prefixes of methods of a store that change a record, in lower case.
pub(super) const WRITES: &[&str] = &[
    "create",
    "save",
    "insert",
    "update",
    "upsert",
    "delete",
    "remove",
    "persist",
    "put",
    "add",
    "register",
    "mark",
    "increment",
    "decrement",
];
/// Prefixes of methods of a client that change something in another service, in lower case.
pub(super) const CHANGES: &[&str] = &[
    "create", "update", "delete", "archive", "charge", "pay", "refund", "post", "put", "send",
    "register", "submit", "cancel", "reserve", "transfer", "capture", "book", "patch",
];
/// Prefixes of methods that read records, in lower case.
pub(super) const READS: &[&str] = &[
    "find", "get", "query", "select", "load", "first", "count", "exists",
];
/// Suffixes of the names of clients of other services, in lower case.
pub(super) const CLIENTS: &[&str] = &[
    "client",
    "rpc",
    "gateway",
    "feign",
    "axios",
    "httpservice",
    "resttemplate",
    "webclient",
    "httpx",
    "stripe",
];
/// Clients of stores and brokers.
pub(super) const OTHER_CLIENTS: &[&str] = &[
    "redis", "rdb", "mongo", "sql", "db", "prisma", "kafka", "rabbit", "cache", "s3", "minio",
    "elastic", "etcd", "consul", "vault", "nats", "docker", "kube",
];
/// Methods of clients that call no other service, in lower case.
pub(super) const LOCAL: &[&str] = &[
    "close",
    "connect",
    "disconnect",
    "quit",
    "on",
    "once",
    "off",
    "use",
    "set",
    "with",
    "new",
    "build",
    "builder",
    "setup",
    "defaults",
    "interceptors",
    "start",
    "stop",
    "ping",
    "string",
    "clone",
];
/// Methods that run a function in a transaction, in lower case.
pub(super) const TRANSACTIONS: &[&str] = &[
    "transaction",
    "$transaction",
    "runintransaction",
    "withtransaction",
    "intransaction",
    "executeintransaction",
    "dointransaction",
    "intx",
    "withtx",
    "exectx",
    "runintx",
    "transact",
    "transactctx",
    "begintxfunc",
    "execute_in_transaction",
];
/// Methods that open a transaction, in lower case.
pub(super) const BEGINS: &[&str] = &[
    "begin",
    "begintx",
    "begintxx",
    "beginx",
    "starttransaction",
    "begintransaction",
    "begin_transaction",
];
/// Methods that end a transaction, in lower case.
pub(super) const COMMITS: &[&str] = &["commit", "committransaction", "commit_transaction"];
/// Prefixes of functions that create an object or start the program.
pub(super) const CONSTRUCTORS: &[&str] = &[
    "new",
    "init",
    "setup",
    "must",
    "provide",
    "wire",
    "build",
    "load",
    "parse",
    "create",
    "make",
    "open",
    "connect",
    "bootstrap",
    "main",
    "configure",
    "with",
];
/// Functions of Go libraries that return only an error, and whose failure decides.
pub(crate) const FALLIBLE: &[&str] = &[
    "Unmarshal",
    "UnmarshalStrict",
    "AutoMigrate",
    "Commit",
    "Decode",
    "WriteMessages",
    "SendMail",
    "ReadInConfig",
];
/// Loops over lists.
pub(super) const LOOPS: &[&str] = &[
    "for_statement",
    "for_in_statement",
    "enhanced_for_statement",
    "for_expression",
];
/// Words of a function that decides by a look-up whether a record is new, in lower case.
pub(super) const DUPLICATE_WORDS: &[&str] =
    &["already", "taken", "duplicate", "orcreate", "conflict"];
/// Words of a function that leaves the decision to the database, in lower case.
pub(super) const DATABASE_DECIDES: &[&str] = &[
    "on conflict",
    "onconflict",
    "upsert",
    "integrityerror",
    "duplicatekey",
    "23505",
    "11000",
    "p2002",
    "for update",
    "firstorcreate",
    "get_or_create",
    "duplicateentry",
    "isduplicate",
    "uniqueconstraint",
    "dataintegrity",
    "setnx",
];
/// Receivers and functions that log, decode or acknowledge, in lower case.
pub(super) const PLAIN: &[&str] = &[
    "log",
    "console",
    "print",
    "fmt",
    "json",
    "unmarshal",
    "parse",
    "ack",
    "string",
    "getmessage",
    "getchannelref",
    "span",
    "time",
    "info",
    "debug",
    "error",
    "warn",
    "body",
    "decode",
    "content",
    "payload",
    "len",
];
/// Words of a function that notices that a record does not exist, in lower case.
pub(super) const FOUND: &[&str] = &[
    "affected",
    "matchedcount",
    "deletedcount",
    "modifiedcount",
    "rowcount",
    "notfound",
    "not_found",
    "not found",
    "find",
    "getby",
    "get_by",
    "orelsethrow",
    "norows",
    "raise_for_status",
    "404",
    "getone",
    "no row",
    ".get(",
    "getproduct",
    "getorder",
    "getuser",
    "count(",
    "andupdate",
    "anddelete",
    "!user",
    "!order",
    "if not ",
    "exists",
    "scan(",
    "queryrow",
    "returning",
    "fetch",
    "firstorcreate",
    "first(",
];
/// Words of a function that chooses the fields of its result, in lower case.
pub(super) const SELECTIONS: &[&str] = &[
    "dto",
    "response",
    "mapper",
    "tojson",
    "omit",
    "exclude",
    "select",
    "undefined",
    "delete ",
    "pick(",
    "projection",
    "serializ",
    "to_dict",
    "schema",
    "model_dump",
    "pb.",
    "proto",
    ".map(",
    "...rest",
    "without",
    "sanitize",
    "password = \"\"",
    "password: _",
    "attributes:",
];
/// Words of a function that bounds a list, in lower case.
pub(super) const LIMITS: &[&str] = &[
    "limit", "page", "paginat", "take", "skip", "offset", "cursor", "size", "top(",
];
