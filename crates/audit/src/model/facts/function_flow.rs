//! The effects of a function, and the calls that it makes.

use std::sync::Arc;

use crate::model::Fact;
use crate::source::Location;

/// Effects of a call, as bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effects(u16);

impl Effects {
    /// Reads a database.
    pub const READ: Self = Self(1);
    /// Changes a database.
    pub const WRITE: Self = Self(2);
    /// Adds a record to a database.
    pub const INSERT: Self = Self(4);
    /// Sends a message to a broker.
    pub const PUBLISH: Self = Self(8);
    /// Calls another service.
    pub const REMOTE: Self = Self(16);
    /// Changes something in another service.
    pub const CHANGE: Self = Self(32);
    /// Waits on its thread: the synchronous input and output of Python.
    pub const BLOCK: Self = Self(64);
    /// Changes a stored value by a difference, so that a repetition changes it again.
    pub const ADJUST: Self = Self(128);

    /// Returns the effects of either.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the effects that both have.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Returns the effects without those of another.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether one of the effects is present.
    #[must_use]
    pub const fn has(self, one_of: Self) -> bool {
        self.0 & one_of.0 != 0
    }
}

/// One call of a function.
#[derive(Debug, Clone)]
pub struct FlowCall {
    /// The called method, without its receiver.
    pub method: Arc<str>,
    /// The declared type of the receiver. Empty if the file does not show it.
    pub receiver_type: Arc<str>,
    /// The effects of the call itself, without those of the called function.
    pub effects: Effects,
    /// Whether a function of the service with this name is probably the called one.
    pub is_resolvable: bool,
    /// Whether a transaction of a database is open.
    pub in_transaction: bool,
    /// Whether the statement is only this call, so that its result is lost.
    pub is_dropped: bool,
    /// Whether the function returns the result of the call.
    pub is_returned: bool,
    /// Whether the call is a look-up whose result is null if no record exists.
    pub is_lookup: bool,
    /// Whether the first use of the result is a member access, without a check for null.
    pub is_unchecked: bool,
    /// Whether a loop over a list contains the call.
    pub in_loop: bool,
    /// Whether a condition compares a state or a number of the returned record.
    pub is_compared: bool,
    /// Whether code repeats the call after a failure.
    pub is_retried: bool,
    /// Whether each failure of the call becomes a mistake of the caller (4xx).
    pub hides_failure: bool,
    /// The location of the call.
    pub at: Location,
}

/// What an entry point does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// Reads one record.
    Read,
    /// Reads all records.
    List,
    /// Adds a record.
    Create,
    /// Changes or removes a record.
    Change,
}

/// A function that answers requests.
#[derive(Debug, Clone)]
pub struct EntryPoint {
    /// What the function does.
    pub kind: EntryKind,
    /// Whether the request selects the record by an ID.
    pub selects: bool,
    /// Whether every caller may run the function: a login, a health check.
    pub is_public: bool,
    /// Whether a decorator, an annotation or the class names a role or a right.
    pub has_rights: bool,
    /// What the request is about, in lower case: the nouns of the path, or the names of the
    /// function and its class.
    pub subject: Arc<str>,
    /// Whether the function is a method of a gRPC server in Go.
    pub is_rpc: bool,
}

/// One function with the calls that may have an effect.
#[derive(Debug, Clone)]
pub struct FunctionFlow {
    /// The name of the function. Empty for a handler without a name.
    pub name: Arc<str>,
    /// The class, or the type of the receiver. Empty for a function of a module.
    pub owner: Arc<str>,
    /// Whether the last result is an error of Go.
    pub returns_error: bool,
    /// Whether a function of Go returns neither a record nor an error for an unknown ID.
    pub returns_nothing: bool,
    /// Whether a call returns a promise or a coroutine.
    pub is_async: bool,
    /// Whether the function handles messages of a broker.
    pub handles_messages: bool,
    /// Whether the function recognizes a repeated message.
    pub is_idempotent: bool,
    /// Whether a lock, a version or the database rejects parallel changes of a record.
    pub is_guarded: bool,
    /// Whether a condition compares the status of a record.
    pub checks_state: bool,
    /// Whether the function rejects a record that a look-up finds.
    pub rejects: bool,
    /// Whether the file stores messages with its changes, or undoes changes.
    pub compensates: bool,
    /// The request that the function answers.
    pub entry: Option<EntryPoint>,
    /// Whether the function uses the identity or a right of its caller.
    pub names_caller: bool,
    /// Whether the function handles messages and each of its calls logs, decodes or acknowledges.
    pub calls_only_log: bool,
    /// Whether the function looks at the number of changed records, or looks the record up.
    pub checks_found: bool,
    /// Whether the function chooses the fields of its result.
    pub selects_fields: bool,
    /// Whether the function names a limit, a page or a cursor.
    pub names_limit: bool,
    /// The places that set a field of a record to a value that depends on the old one, with the
    /// variable of the record.
    pub adjusted: Vec<(Location, Arc<str>)>,
    /// Whether the name or a parameter of the function is that of a message or an event.
    pub takes_event: bool,
    /// The calls, in the order of the source.
    pub calls: Vec<FlowCall>,
}

impl Fact for FunctionFlow {
    const KIND: &'static str = "functions and their calls";
}
