//! The patterns of functions in Go.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::super::LOCKED;
use crate::packs::signs::ascii::ascii;

/// A pattern of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    /// A parameter with the context of the caller.
    Context,
    /// A parameter with options.
    Options,
    /// A call with a context that has no deadline.
    Detached,
    /// Parameters of a function that responds to a request.
    Requested,
    /// Names of functions that run at the start or the stop.
    Starts,
    /// A record that is read into a variable.
    Read,
    /// Code that protects a record from concurrent changes.
    Locked,
    /// A line that checks an error and opens a block.
    Failed,
    /// A call that returns an error.
    Called,
    /// A call of a log.
    Log,
    /// Code that passes a failure on.
    Leaves,
    /// A call that changes the database.
    Write,
    /// The end of the name of a look-up.
    Lookup,
    /// A response about a missing record or a wrong credential.
    Missing,
    /// Code that distinguishes failures.
    Distinguishes,
    /// A response about an internal error.
    Internal,
    /// A case of `select` for the error of a server.
    Ends,
    /// Code that ends the program with a failure.
    Exits,
    /// The end of the name of a function that opens a connection.
    Opens,
    /// Parameters of a handler of requests.
    Handles,
    /// A response of success.
    Fixed,
    /// Code that calls a dependency.
    Asks,
    /// A change by SQL whose result is not read.
    Executes,
    /// Code that maps the status of another service.
    Mapped,
    /// The end of the name of a function with an effect outside of the process.
    Effect,
    /// The end of the name of a function that serves until the end of the process.
    Serves,
    /// Code that ends the program after a failed server.
    Stops,
    /// A gRPC connection in a variable.
    Dials,
    /// A call of a generated gRPC client.
    Remote,
    /// Code that sets a deadline.
    Limited,
    /// A resource in a variable, whose failure the function returns.
    Acquires,
    /// A change of a state of a record by its ID.
    Sets,
    /// A call that undoes a step with the context of the caller.
    Undoes,
    /// A received value with the state of its channel.
    Received,
    /// A value that a constructor makes.
    Connects,
    /// Code that collects the failures of a loop.
    Collects,
    /// A call on one line whose error replaces an earlier one.
    Assigned,
    /// A statement that sets the error.
    Assigns,
    /// A parameter with a message of a broker.
    Delivered,
    /// Code that acknowledges a message.
    Acknowledges,
}

/// The patterns in the order of their names.
const TABLE: &[(Name, &str)] = &[
    (Name::Context, r"\b(\w+) context\.Context\b"),
    (
        Name::Options,
        r"\b(\w+) \.\.\.\w*(?:\.)?\w*(?:Option|Opt)\w*",
    ),
    (
        Name::Detached,
        r"(?P<what>\b\w+(?:\.\w+)+)\(\s*context\.(?:Background|TODO)\(\)",
    ),
    (
        Name::Requested,
        r"context\.Context|\*http\.Request|\*gin\.Context|echo\.Context|\*fiber\.Ctx|khttp\.Context",
    ),
    (
        Name::Starts,
        r"^(?i:main|init|new|connect|setup|open|start|run|serve|stop|close|shutdown|must|register|migrate|provide|load|ping|check|health|warm|bootstrap|wire|test|build|create\w*(?:client|pool|store|conn))",
    ),
    (
        Name::Read,
        r"(?m)^\s*(?P<name>[a-z]\w*), (?:err|ok|found|_) :?= (?P<call>(?:\w+\.)+(?i:get|find|first|load|fetch|read|by)\w*)\(",
    ),
    (Name::Locked, LOCKED),
    (
        Name::Failed,
        r"\b\w*[eE]rr\w* != (?:nil(?: && [^{]*Err(?:Server)?Closed\)?)?|http\.ErrServerClosed) \{\s*$",
    ),
    (
        Name::Called,
        r"\b\w*[eE]rr\w* :?= (?P<call>[\w.\[\]()]*?\w+)\(",
    ),
    (
        Name::Log,
        r"(?i)\b(?:\w+\.)*\w*(?:log|print|slog|zap|sugar|warn|helper)\w*\b",
    ),
    (
        Name::Leaves,
        r"\b(?:return|panic|continue|break|goto)\b|os\.Exit|Fatal|\bappend\(|<-|[nN]ack|[rR]eject|[eE]rrs?\s*=|[rR]ollback|AbortWith|http\.Error|\.JSON\(",
    ),
    (
        Name::Write,
        r"(?i)\b\w*(?:repo\w*|stor(?:e|er|age)|db|dao|model|quer(?:y|ies)|tx|uc|usecase|service|svc)\w*\.(?:create|insert|save|update|delete|upsert|add|remove|exec)\w*\(",
    ),
    (
        Name::Lookup,
        r"(?i)(?:\.|\b)(?:get|find|first|fetch|lookup|queryrow|scan|read)\w*$",
    ),
    (
        Name::Missing,
        r"(?i)not[ _]?found|StatusUnauthorized|codes\.Unauthenticated|(?:invalid|wrong|incorrect)[ _](?:credential|username|email|password|user)",
    ),
    (
        Name::Distinguishes,
        r"errors\.(?:Is|As)\(|ErrNoRows|ErrRecordNotFound|ErrNoDocuments|IsNotFound|redis\.Nil|status\.Code|err == ",
    ),
    (
        Name::Internal,
        r"StatusInternalServerError|codes\.Internal\b|\b500\b|InternalServer\(",
    ),
    (
        Name::Ends,
        r"^\s*case (?:\w+ :?= )?<-\w*(?:\.\w+)*[eE]rr\w*(?:\(\))?:\s*$",
    ),
    (
        Name::Exits,
        r"os\.Exit|Fatal|\breturn \S|panic\(|exitCode|[cC]ancel\(",
    ),
    (
        Name::Opens,
        r"(?i)(?:\.|\b)(?:new\w*(?:publisher|producer|consumer|client|conn\w*|queue|broker|cache|tracer\w*|exporter)|connect\w*|dial\w*|subscribe\w*|setup\w*|init\w*|declare\w*|ensure\w*|register\w*)$",
    ),
    (
        Name::Handles,
        r"\*http\.Request|\*gin\.Context|echo\.Context|\*fiber\.Ctx",
    ),
    (
        Name::Fixed,
        r"StatusOK|\b200\b|\.JSON\(|Write\(|SendString\(",
    ),
    (
        Name::Asks,
        r"(?i)ping|\.check|\.health|\.status\(|select|\.ready|\.load\(|isready|err :?= \w+\.\w+\.\w+\(|503|unavailable",
    ),
    (
        Name::Executes,
        r"_, err :?= (?P<what>[\w.]+\.(?:NamedExec|Exec)\w*)\(",
    ),
    (
        Name::Mapped,
        r"status\.(?:Code|FromError|Convert)|codes\.|runtime\.HTTP|StatusFrom|ToHTTP|MapError|handleError|errors\.(?:Is|As)",
    ),
    (
        Name::Effect,
        r"(?i)(?:\.|\b)(?:publish|send|notify|index|produce|emit|enqueue|invalidate|dispatch|delete|update|set|del|put|upload|remove|cache|write|store|save|create)\w*$",
    ),
    (
        Name::Serves,
        r"(?:\.|\b)(?:Serve\w*|ListenAndServe\w*|Listen|Run|Start)$",
    ),
    (
        Name::Stops,
        r"(?i)\bcancel\w*\(|\bstop\w*\(|\bexit\w*\(|\bsignal\b|\bquit\b",
    ),
    (
        Name::Dials,
        r"(?m)^\s*(?P<name>\w+), err :?= (?P<what>grpc\.(?:NewClient|Dial|DialContext))\(",
    ),
    (
        Name::Remote,
        r"(?P<what>\b(?:\w+\.)*\w*(?i:client|cli|stub|conn)\w*\.[A-Z]\w*)\(\s*[\w.]*(?:[cC]tx|Context\(\))\s*,\s*&\w*(?:pb|proto|v\d|grpc|rpc|gen)\w*\.[A-Z]",
    ),
    (Name::Limited, r"With(?:Timeout|Deadline)\w*\("),
    (
        Name::Acquires,
        r"(?m)^\s*(?P<name>\w+), err :?= (?P<what>(?:amqp(?:091)?\.Dial\w*|sql\.Open|sqlx\.(?:Open|Connect\w*)|pgxpool\.(?:New|NewWithConfig|Connect\w*)|pgx\.Connect|grpc\.(?:NewClient|Dial\w*)|net\.(?:Listen|Dial\w*)|os\.(?:Open|Create|OpenFile)|nats\.Connect|mongo\.Connect|sarama\.New\w+))\(",
    ),
    (
        Name::Sets,
        r"(?m)^[^\n]*\b(?:\w*(?i:repo\w*|store\w*|db|dao|queries|tx|model)\w*\.(?:Update|Set|Mark|Cancel|Complete|Confirm|Decrement|Decrease|Deduct|Delete|Remove|Prune|Purge|Archive|Permanently|Use)\w*|[a-z]\w{0,2}\.(?:[uU]pdate|[cC]hange|[mM]ark|[cC]ancel|[cC]omplete|[cC]onfirm)[A-Z]\w*)\([^\n]*",
    ),
    (
        Name::Undoes,
        r"(?P<what>\b[\w.]+\.(?:\w*(?:Compensat|Rollback|Release|Refund|Cancel|Restore|Revert|Undo)\w*|Update\w*|Delete\w*|Mark\w*))\(\s*(?:ctx|r\.Context\(\)|c\.Request\.Context\(\))\s*,",
    ),
    (
        Name::Received,
        r"(?m)^\s*case \w+, (?P<name>\w+) :?= <-(?P<what>[\w.]+(?:\(\))?):",
    ),
    (
        Name::Connects,
        r"(?m)^\s*(?P<name>[a-zA-Z]\w*)(?:, \w+)? :?= (?P<what>(?:\w+\.)*(?:[nN]ew|[cC]onnect|[oO]pen|[iI]nit|[sS]etup|Dial|[mM]ust|[cC]reate)\w*)\(",
    ),
    (
        Name::Collects,
        r"(?i)\berrs\b|errors\.Join|multierr|fail(?:ed|ures?)\b|lasterr|firsterr|err_?count|errgroup|dlq|deadletter|skipped",
    ),
    (
        Name::Assigned,
        r"^\s*(?:\w+, )*err :?= (?P<call>(?:\w+\.)*\w+)\(.*\)\s*$",
    ),
    (Name::Assigns, r"^\s*(?:(?:if|switch) )?(?:\w+, )*err :?= "),
    (
        Name::Delivered,
        r"\*?\b(?:amqp\w*|rabbitmq|kafka|nats|pubsub|message|sarama|jetstream|asynq|types|stan)\.(?:Delivery|Message|Msg|ConsumerMessage|Task)\b|\bDelivery\b",
    ),
    (
        Name::Acknowledges,
        r"(?m)\.Ack\(|^\s*return (?:\w+\.)?Ack\b|^\s*return nil\s*$",
    ),
];

static COMPILED: LazyLock<Vec<Option<Regex>>> =
    LazyLock::new(|| TABLE.iter().map(|(_, pattern)| ascii(pattern)).collect());

impl Name {
    fn regex(self) -> Option<&'static Regex> {
        COMPILED.get(self as usize)?.as_ref()
    }

    pub(super) fn is_in(self, text: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text))
    }

    pub(super) fn captures(self, text: &str) -> Option<Captures<'_>> {
        self.regex()?.captures(text)
    }

    pub(super) fn all(self, text: &str) -> impl Iterator<Item = Captures<'_>> {
        self.regex()
            .into_iter()
            .flat_map(move |regex| regex.captures_iter(text))
    }
}

#[cfg(test)]
mod tests {
    use super::{COMPILED, TABLE};

    #[test]
    fn patterns_compile_in_the_order_of_their_names() {
        for (index, (name, pattern)) in TABLE.iter().enumerate() {
            assert_eq!(*name as usize, index, "{name:?}");
            assert!(COMPILED[index].is_some(), "{pattern}");
        }
    }
}
