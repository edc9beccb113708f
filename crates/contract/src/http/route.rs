use std::{collections::BTreeMap, pin::Pin, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, header},
    response::Response,
    routing::{MethodFilter, MethodRouter, any, on},
};
use prost::Message;
use seaworthy_core::{Code, Error};

use super::{
    request, response, stream,
    template::{Capture, PathTemplate, Segment},
};
use crate::{
    ContractConfig, MessageStream, Validate,
    error::reason,
    json::{Encoder, JsonMessage},
};

/// One way to call a method.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The HTTP method; `*` is every method.
    pub method: &'static str,
    /// The path.
    pub template: PathTemplate,
    /// What the body is.
    pub body: RequestBody,
    /// Whether the answer is the whole message, so that it can also be sent as protobuf.
    pub whole_answer: bool,
}

/// What the body of a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestBody {
    /// Not read.
    Nothing,
    /// The message.
    Message,
    /// One field of the message.
    Field(&'static str),
}

type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;
type Call = Arc<dyn Fn(Request, Vec<Capture>) -> Answer + Send + Sync>;

#[derive(Clone)]
struct Entry {
    method: Method,
    template: PathTemplate,
    call: Call,
}

/// Gathers the routes of a contract. Called by generated code.
///
/// axum finds the route by its literal segments, which keeps its speed and its `MatchedPath`; what axum's patterns cannot say (a verb, `**` in
/// a variable, two templates of one shape) is decided here among the few that remain.
pub struct Routes {
    config: ContractConfig,
    entries: Vec<Entry>,
}

impl Routes {
    /// No routes yet.
    #[must_use]
    pub fn new(config: ContractConfig) -> Self {
        Self {
            config,
            entries: Vec::new(),
        }
    }

    /// Adds a method that answers with one message.
    pub fn unary<M, A, F, R>(&mut self, route: Route, method: F, write: fn(&A, &mut Encoder))
    where
        M: JsonMessage + Message + Default + Validate + 'static,
        A: Message + 'static,
        F: Fn(M) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Result<A, Error>> + Send + 'static,
    {
        self.add(route, move |request, captures, config| {
            let method = method.clone();
            async move {
                let (parts, body) = request.into_parts();
                let message =
                    request::read(&parts, body, route.body, captures, config.body_limit).await?;
                let answer = method(message).await?;
                response::single(&parts.headers, &answer, route.whole_answer, write)
            }
        });
    }

    /// Adds a method that answers with a stream.
    pub fn streaming<M, A, F, R>(&mut self, route: Route, method: F, write: fn(&A, &mut Encoder))
    where
        M: JsonMessage + Message + Default + Validate + 'static,
        A: Message + 'static,
        F: Fn(M) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Result<MessageStream<A>, Error>> + Send + 'static,
    {
        self.add(route, move |request, captures, config| {
            let method = method.clone();
            async move {
                let (parts, body) = request.into_parts();
                let message =
                    request::read(&parts, body, route.body, captures, config.body_limit).await?;
                let answers = method(message).await?;
                Ok(stream::streaming(
                    &parts.headers,
                    answers,
                    write,
                    Arc::clone(&config.errors),
                ))
            }
        });
    }

    fn add<R>(
        &mut self,
        route: Route,
        call: impl Fn(Request, Vec<Capture>, ContractConfig) -> R + Send + Sync + 'static,
    ) where
        R: Future<Output = Result<Response, Error>> + Send + 'static,
    {
        let Ok(method) = Method::from_bytes(route.method.as_bytes()) else {
            return;
        };
        let config = self.config.clone();
        let call: Call = Arc::new(move |request, captures| {
            let config = config.clone();
            let answer = call(request, captures, config.clone());
            Box::pin(async move { answer.await.unwrap_or_else(|error| config.refusal(error)) })
        });
        self.entries.push(Entry {
            method,
            template: route.template,
            call,
        });
    }

    /// The routes for axum. Unknown paths are left to whoever serves them.
    pub fn into_router(self) -> Router {
        self.into_list()
            .into_iter()
            .fold(Router::new(), |router, (pattern, methods)| {
                router.route(&pattern, methods)
            })
    }

    /// The same as a list of paths, each with the methods that it has.
    #[must_use]
    pub fn into_list(mut self) -> Vec<(String, MethodRouter)> {
        self.entries
            .sort_by_key(|entry| std::cmp::Reverse(entry.template.weight()));
        let mut names = Names::default();
        let mut groups: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        for entry in &self.entries {
            for pattern in names.patterns(&entry.template) {
                groups.entry(pattern).or_default().push(entry.clone());
            }
        }
        groups
            .into_iter()
            .map(|(pattern, entries)| {
                let entries: Arc<[Entry]> = entries.into();
                let config = self.config.clone();
                let other = config.clone();
                let methods = filter(&entries);
                let allowed = entries.clone();
                let serve =
                    move |request: Request| dispatch(entries.clone(), config.clone(), request);
                let refuse =
                    move |request: Request| dispatch(allowed.clone(), other.clone(), request);
                let methods = match methods {
                    Some(methods) => on(methods, serve).fallback(refuse),
                    None => any(serve),
                };
                (pattern, methods)
            })
            .collect()
    }
}

/// The methods of some routes; none where one has a name that axum cannot tell apart.
fn filter(entries: &[Entry]) -> Option<MethodFilter> {
    entries
        .iter()
        .map(|entry| MethodFilter::try_from(entry.method.clone()).ok())
        .reduce(|all, next| Some(all?.or(next?)))
        .flatten()
}

async fn dispatch(entries: Arc<[Entry]>, config: ContractConfig, request: Request) -> Response {
    let path = request.uri().path();
    let mut allowed: Vec<&Method> = Vec::new();
    let mut found = None;
    let mut has_verb = false;
    for entry in entries.iter() {
        let Some(captures) = entry.template.capture(path) else {
            continue;
        };
        // Templates with a verb come first: what is a verb of one method is not the end of an identifier of another.
        if has_verb && entry.template.verb.is_none() {
            break;
        }
        has_verb |= entry.template.verb.is_some();
        if answers(&entry.method, request.method()) {
            let is_open = entry.method.as_str() == ANY;
            // A rule that names the method is meant before one that leaves it open.
            if found.is_none() || !is_open {
                found = Some((entry, captures));
            }
            if !is_open {
                break;
            }
            continue;
        }
        if !allowed.contains(&&entry.method) {
            allowed.push(&entry.method);
        }
    }
    if let Some((entry, captures)) = found {
        return (entry.call)(request, captures).await;
    }
    if allowed.is_empty() {
        return config.refusal(Error::new(
            Code::NotFound,
            reason::ROUTE_NOT_FOUND,
            "no such path",
        ));
    }
    let names: Vec<&str> = allowed
        .iter()
        .flat_map(|method| match **method {
            Method::GET => vec!["GET", "HEAD"],
            ref other => vec![other.as_str()],
        })
        .collect();
    let mut response = config.refusal(Error::new(
        Code::MethodNotAllowed,
        reason::METHOD_NOT_ALLOWED,
        "the path has no such method",
    ));
    if let Ok(value) = HeaderValue::from_str(&names.join(", ")) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}

/// The kind of a custom rule that leaves the method open.
const ANY: &str = "*";

/// `HEAD` is answered by what answers `GET`; the server leaves the body out.
fn answers(route: &Method, asked: &Method) -> bool {
    route == asked || route.as_str() == ANY || (*route == Method::GET && *asked == Method::HEAD)
}

impl ContractConfig {
    /// An error as an answer over HTTP.
    #[must_use]
    pub fn refusal(&self, error: Error) -> Response<Body> {
        self.errors.http(self.errors.adapt(error))
    }
}

/// axum wants one name for the parameter at one place, whichever template came first.
#[derive(Default)]
struct Names(BTreeMap<String, String>);

impl Names {
    /// The patterns of axum that cover a template: two where `**` may take nothing.
    fn patterns(&mut self, template: &PathTemplate) -> Vec<String> {
        let mut pattern = String::new();
        let mut patterns = Vec::new();
        let last = template.segments.len().saturating_sub(1);
        for (index, segment) in template.segments.iter().enumerate() {
            let verb = template.verb.filter(|_| index == last);
            match (segment, verb) {
                (Segment::Literal(text), None) => pattern = format!("{pattern}/{text}"),
                (Segment::Literal(text), Some(verb)) => {
                    pattern = format!("{pattern}/{text}:{verb}")
                }
                (Segment::One, _) => {
                    let name = self.name(&pattern, template, index);
                    pattern = format!("{pattern}/{{{name}}}");
                }
                (Segment::Rest, verb) => {
                    match verb {
                        None => {
                            patterns.push(if pattern.is_empty() {
                                "/".to_owned()
                            } else {
                                pattern.clone()
                            });
                            if !pattern.is_empty() {
                                patterns.push(format!("{pattern}/"));
                            }
                        }
                        Some(verb) => patterns.push(format!("{pattern}:{verb}")),
                    }
                    pattern = format!("{pattern}/{{*rest}}");
                }
            }
        }
        if pattern.is_empty() {
            pattern.push('/');
        }
        patterns.push(pattern);
        patterns
    }

    fn name(&mut self, before: &str, template: &PathTemplate, index: usize) -> &str {
        let chosen = template
            .variables
            .iter()
            .find(|variable| variable.start == index && variable.count == 1)
            .map_or_else(
                || format!("segment{index}"),
                |variable| variable.field.replace('.', "_"),
            );
        self.0.entry(before.to_owned()).or_insert(chosen)
    }
}
