//! Functions that run as jobs of RQ, Celery and Dramatiq, and the time limits of the jobs.

use std::collections::BTreeSet;
use std::sync::Arc;

use tree_sitter::Node;

use crate::model::FactSink;
use crate::model::facts::{CallingFunction, EnqueuedFunction, RunLimit};
use crate::packs::{Pack, Reader};
use crate::repository::Role;
use crate::source::Language;
use crate::syntax::{Call, Code, count_word};

pub(super) const PACK: Pack = Pack {
    name: "Python jobs",
    reader: Reader::Code(&[Language::Python], read),
};

/// Decorators of work in the background that is ended after a time, by default (RQ 180 s, Dramatiq
/// 10 min).
const LIMITED_JOBS: &[&str] = &["job", "actor"];
/// Parts of the names of decorators of work in the background.
const JOBS: &[&str] = &["job", "task", "actor"];
/// Settings that limit the time of a background job.
const JOB_LIMITS: &[&str] = &[
    "time_limit=",
    "soft_time_limit=",
    "timeout=",
    "job_timeout=",
];
/// Values that switch a limit off.
const OFF: &[&str] = &["None", "-1"];
/// Methods of RQ that pass a function to a queue.
const ENQUEUE: &[&str] = &["enqueue", "enqueue_in", "enqueue_at", "enqueue_call"];
/// Modules of queues that limit each job by default.
const LIMITED_QUEUES: &[&str] = &["rq", "django_rq"];
/// Parts of decorators of functions that a framework calls, and of properties, which run without
/// a call.
const CALLED_BY_FRAMEWORK: &[&str] = &[
    ".route(",
    ".get(",
    ".post(",
    ".put(",
    ".delete(",
    ".patch(",
    ".websocket(",
    ".middleware(",
    "api_view",
    "csrf_exempt",
    "login_required",
    "require_",
    "before_request",
    "on_event",
    "request_loader",
    "receiver(",
    "property",
];
/// Methods of a class that handle requests.
const HANDLERS: &[&str] = &[
    "get", "post", "put", "delete", "patch", "head", "options", "dispatch", "list", "create",
    "retrieve", "update", "destroy", "handle", "do_GET", "do_POST", "__call__",
];
const FUNCTION: &str = "function_definition";

/// The time limit of a job that a decorator shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JobLimit {
    /// A setting of the decorator.
    Set,
    /// The default of the queue.
    Default,
}

/// The time limit that a decorator without spaces gives to a job.
pub(super) fn job_limit(decorator: &str) -> Option<JobLimit> {
    let value = JOB_LIMITS
        .iter()
        .find_map(|limit| decorator.split_once(limit))
        .map(|(_, value)| value);
    match value {
        Some(value) if OFF.iter().any(|off| value.starts_with(off)) => None,
        Some(_) => Some(JobLimit::Set),
        None => LIMITED_JOBS
            .contains(&last_name(decorator))
            .then_some(JobLimit::Default),
    }
}

/// The last part of the name of a decorator: `task` of `@app.task(bind=True)`.
fn last_name(decorator: &str) -> &str {
    let name = decorator.split('(').next().unwrap_or_default();
    name.trim_start_matches('@')
        .rsplit('.')
        .next()
        .unwrap_or_default()
}

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if code.file.role != Role::Production {
        return;
    }
    for function in code.find_all(code.root, &[FUNCTION]) {
        add(code, function, facts);
    }
    let outside = code
        .calls
        .iter()
        .filter(|call| code.enclosing(call.node, &[FUNCTION]).is_none());
    let calls = names(code, outside);
    if !calls.is_empty() {
        let module = CallingFunction {
            name: Arc::from(""),
            is_method: false,
            limit: RunLimit::Unlimited,
            calls,
        };
        facts.add(module, code.place(code.root));
    }
    for call in code
        .calls
        .iter()
        .filter(|call| ENQUEUE.contains(&call.method))
    {
        enqueued(code, call, facts);
    }
}

/// The names of called functions, and of values that may be functions that the callee calls. A queue
/// decides itself how long its functions run.
fn names<'c, 't: 'c>(
    code: &Code<'t>,
    calls: impl Iterator<Item = &'c Call<'t>>,
) -> Vec<(Arc<str>, bool)> {
    let mut names: BTreeSet<(&str, bool)> = BTreeSet::new();
    for call in calls {
        names.insert((call.method, !call.receiver.is_empty()));
        if !ENQUEUE.contains(&call.method) {
            let passed = call.arguments.iter();
            names.extend(passed.filter_map(|argument| value_name(code, argument.value)));
        }
    }
    names
        .into_iter()
        .map(|(name, has_receiver)| (Arc::from(name), has_receiver))
        .collect()
}

/// The name of a value that may be a function, and whether it has a receiver.
fn value_name<'t>(code: &Code<'t>, value: Node<'t>) -> Option<(&'t str, bool)> {
    match value.kind() {
        "identifier" => Some((code.text(value), false)),
        "attribute" => value
            .child_by_field_name("attribute")
            .map(|name| (code.text(name), true)),
        _ => None,
    }
}

fn add<'t>(code: &Code<'t>, function: Node<'t>, facts: &mut FactSink<'_>) {
    let Some(name) = function.child_by_field_name("name") else {
        return;
    };
    let name = code.text(name);
    let class = code
        .enclosing(function, &[FUNCTION, "class_definition"])
        .filter(|around| around.kind() == "class_definition");
    let class_name = class
        .and_then(|class| class.child_by_field_name("name"))
        .map_or("", |name| code.text(name));
    let is_method = class.is_some();
    // A call of the class runs its constructor.
    let (own_name, is_called_by_receiver) = if is_method && name == "__init__" {
        (class_name, false)
    } else {
        (name, is_method)
    };
    let calling = CallingFunction {
        name: Arc::from(own_name),
        is_method: is_called_by_receiver,
        limit: run_limit(code, function, is_method && HANDLERS.contains(&name)),
        calls: names(code, code.calls_within(function)),
    };
    facts.add(calling, code.place(function));
}

fn run_limit<'t>(code: &Code<'t>, function: Node<'t>, is_handler: bool) -> RunLimit {
    let decorators = decorators(code, function);
    let job = decorators.iter().find(|decorator| {
        let name = last_name(decorator);
        JOBS.iter().any(|job| name.contains(job))
    });
    if let Some(job) = job {
        return match job_limit(job) {
            // `@job` of Dagster has no time limit.
            Some(JobLimit::Default) if code.imports_module("dagster") => RunLimit::Unlimited,
            Some(_) => RunLimit::Job,
            None => RunLimit::Unlimited,
        };
    }
    let by_framework = decorators.iter().any(|decorator| {
        CALLED_BY_FRAMEWORK
            .iter()
            .any(|part| decorator.contains(part))
    });
    let takes_request = function
        .child_by_field_name("parameters")
        .is_some_and(|parameters| count_word(code.text(parameters), "request") > 0);
    if is_handler || by_framework || takes_request {
        RunLimit::Unlimited
    } else {
        RunLimit::Callers
    }
}

/// The decorators of a function, without spaces.
fn decorators<'t>(code: &Code<'t>, function: Node<'t>) -> Vec<String> {
    let Some(definition) = function
        .parent()
        .filter(|parent| parent.kind() == "decorated_definition")
    else {
        return Vec::new();
    };
    let mut cursor = definition.walk();
    definition
        .named_children(&mut cursor)
        .filter(|child| child.kind() == "decorator")
        .map(|decorator| code.text(decorator).split_whitespace().collect())
        .collect()
}

/// `queue.enqueue(function, …)` and `queue.enqueue_in(delay, function, …)`.
fn enqueued(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let index = usize::from(matches!(call.method, "enqueue_in" | "enqueue_at"));
    let function = call
        .keyword("func")
        .or_else(|| call.positional(index))
        .filter(|function| matches!(function.kind(), "identifier" | "attribute"));
    let Some(function) = function else { return };
    let limit = call
        .keyword("job_timeout")
        .or_else(|| call.keyword("timeout"));
    let has_other_settings = call
        .arguments
        .iter()
        .any(|argument| argument.value.kind() == "dictionary_splat");
    let is_limited = match limit {
        Some(limit) => !OFF.contains(&code.text(limit)),
        None => {
            !has_other_settings
                && LIMITED_QUEUES
                    .iter()
                    .any(|module| code.imports_module(module))
        }
    };
    let name = code.text(function);
    let name = name.rsplit('.').next().unwrap_or(name);
    facts.add(
        EnqueuedFunction {
            name: Arc::from(name),
            is_limited,
        },
        code.place(call.node),
    );
}

#[cfg(test)]
mod tests {
    use super::{JobLimit, job_limit};
    use crate::model::facts::CallingFunction;
    use crate::repository::{Limits, Role, Tracked};
    use crate::source::SourceFile;

    /// The functions of a file, or its top level without a name, that call a name.
    fn callers(text: &str, called: &str) -> Vec<String> {
        let file = SourceFile::new("jobs.py", text, Role::Production, Tracked::Unknown);
        let (store, _) = crate::packs::read(&file, &Limits::default());
        let functions = store.of::<CallingFunction>();
        functions
            .items
            .iter()
            .filter(|function| {
                let calls = &function.value.calls;
                calls.iter().any(|(name, _)| &**name == called)
            })
            .map(|function| function.value.name.to_string())
            .collect()
    }

    #[test]
    fn functions_that_are_values_are_called() {
        for text in [
            "threading.Thread(target=check).start()\n",
            "app.add_url_rule(\"/health\", view_func=check)\n",
            "Thread(target=sources.check).start()\n",
        ] {
            assert_eq!(callers(text, "check"), [""], "{text}");
        }
        let text = "def show(tasks):\n    tasks.add_task(check)\n";
        assert_eq!(callers(text, "check"), ["show"]);
        assert!(callers("queue.enqueue(check)\n", "check").is_empty());
    }

    #[test]
    fn limits_of_jobs_are_read_from_decorators() {
        assert_eq!(
            job_limit("@job(\"checks\",timeout=30)"),
            Some(JobLimit::Set)
        );
        assert_eq!(
            job_limit("@shared_task(soft_time_limit=settings.LIMIT)"),
            Some(JobLimit::Set)
        );
        assert_eq!(job_limit("@dramatiq.actor"), Some(JobLimit::Default));
        assert_eq!(job_limit("@job(\"checks\",timeout=-1)"), None);
        assert_eq!(job_limit("@app.task(time_limit=None)"), None);
        assert_eq!(job_limit("@app.task"), None);
    }
}
