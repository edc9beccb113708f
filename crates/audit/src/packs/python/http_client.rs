//! `requests`, `httpx`, `urllib`.

use super::job::{JobLimit, job_limit};
use crate::model::facts::OutboundCall;
use crate::model::{FactSink, Resolution};
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "Python HTTP clients",
    reader: Reader::Code(&[Language::Python], read),
};

const VERBS: &[&str] = &[
    "get", "post", "put", "delete", "patch", "head", "options", "request",
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    facts.covers::<OutboundCall>();
    for call in &code.calls {
        let bound = code
            .binding(call.receiver)
            .map_or("", |made| code.text(made));
        let verb = VERBS.contains(&call.method);
        let session =
            bound.starts_with("requests.Session(") || bound.starts_with("requests.session(");
        if verb && call.receiver == "requests" {
            add(code, call, "requests", timeout(code, call, None), facts);
        } else if verb && session {
            let mounted = code
                .calls
                .iter()
                .any(|other| other.method == "mount" && other.receiver == call.receiver);
            let found = match timeout(code, call, None) {
                Resolution::Absent if mounted => {
                    Resolution::Unknown("an adapter of the session may set it".to_owned())
                }
                other => other,
            };
            add(code, call, "requests", found, facts);
        } else if call.is("httpx", call.method)
            && (verb || matches!(call.method, "Client" | "AsyncClient"))
        {
            add(
                code,
                call,
                "httpx",
                timeout(code, call, Some("the httpx default, 5 s")),
                facts,
            );
        } else if call.method == "urlopen" && code.imports_module("urllib") {
            let found = if call.positional(2).is_some() {
                Resolution::Known("argument".to_owned())
            } else {
                timeout(code, call, None)
            };
            add(code, call, "urllib", found, facts);
        }
    }
}

fn timeout(code: &Code<'_>, call: &Call<'_>, default: Option<&str>) -> Resolution<String> {
    if let Some(value) = call.keyword("timeout") {
        let text = code.text(value);
        return if text == "None" {
            Resolution::Absent
        } else {
            Resolution::Known(text.to_owned())
        };
    }
    if call
        .arguments
        .iter()
        .any(|argument| argument.value.kind() == "dictionary_splat")
    {
        return Resolution::Unknown("the arguments are defined elsewhere".to_owned());
    }
    if let Some(default) = default {
        return Resolution::Known(default.to_owned());
    }
    limit_of_job(code, call)
}

/// The timeout of the background job that contains a call.
fn limit_of_job(code: &Code<'_>, call: &Call<'_>) -> Resolution<String> {
    let decorators = code
        .enclosing(call.node, &["decorated_definition"])
        .map(|definition| code.text(definition))
        .unwrap_or_default()
        .lines()
        .take_while(|line| !line.trim_start().starts_with("def "))
        .filter(|line| line.trim_start().starts_with('@'));
    for decorator in decorators {
        let compact: String = decorator.split_whitespace().collect();
        match job_limit(&compact) {
            Some(JobLimit::Set) => return Resolution::Known("the timeout of the job".to_owned()),
            Some(JobLimit::Default) => {
                return Resolution::Unknown("the queue may limit the job".to_owned());
            }
            None => {}
        }
    }
    Resolution::Absent
}

fn add(
    code: &Code<'_>,
    call: &Call<'_>,
    library: &'static str,
    timeout: Resolution<String>,
    facts: &mut FactSink<'_>,
) {
    facts.add(OutboundCall { library, timeout }, code.place(call.node));
}
