//! An error is ignored.

use crate::model::facts::Practice;
use crate::rule::{
    Category, Check, Metadata, Rule, Severity, dropped_errors, observed_by_file, or_passed,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "OBS-8.ignored-error",
        title: "An error is ignored",
        severity: Severity::Low,
        category: Category::Observability,
        meaning: "Go: the code drops the error of a call and uses its result (`req, _ := http.NewRequest(…)`). Or it ignores the whole result of a call that decodes or serves. The rule reports one finding per file. Deferred calls and literals are excluded. Low confidence: an empty `catch` or `except Exception` in other languages, and a call that prints `%v` because it does not format its arguments. A statement that calls a function of the service and loses its error, an answer without a look at its status, a failed encoding that is only logged, and an exception inside a callback count with low confidence. So does an error in Go that no line reads. Go: a log record names a success and contains the error.",
        why: "The code continues with a null or an empty value. It panics later, or stores wrong data, and no log line names the cause.",
        fix: &[(
            "any",
            "Return the error with its context: `fmt.Errorf(\"create the request: %w\", err)`.",
        )],
        references: &["https://go.dev/doc/effective_go#errors"],
    },
    check: Check::Service(|_, service| {
        let mut outcomes = observed_by_file(service, Practice::IgnoredError);
        outcomes.extend(dropped_errors(service));
        or_passed(outcomes, service, &["Go"], "no deciding error is ignored")
    }),
};
