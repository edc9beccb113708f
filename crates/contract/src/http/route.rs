use std::{collections::BTreeMap, pin::Pin, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, header},
    response::Response,
};
use prost::Message;
use seaworthy_core::Error;

use super::{
    path::{Binding, HttpPath},
    request, response, stream,
    template::{Capture, PathTemplate, Segment},
};
use crate::{
    ContractConfig, ContractMethod, MessageStream, Validate,
    around::around,
    footprint::WireMessage,
    json::{Encoder, JsonMessage},
};

/// An HTTP route of a method.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The HTTP method. `*` is any method.
    pub method: &'static str,
    /// The path.
    pub template: PathTemplate,
    /// The content of the body.
    pub body: RequestBody,
    /// Whether the response is the whole message, so that it can be sent as protobuf too.
    pub whole_response: bool,
}

/// The content of a request body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestBody {
    /// The body is not read.
    None,
    /// The whole message.
    Message,
    /// One field of the message.
    Field(&'static str),
}

/// The `Cache-Control` of responses: they may contain tokens and personal data (RFC 6749, 5.1).
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

type ResponseFuture = Pin<Box<dyn Future<Output = Response> + Send>>;
pub(super) type Call = Arc<dyn Fn(Request, Vec<Capture>) -> ResponseFuture + Send + Sync>;

/// Builds the routes of a contract whose methods are `M`. Generated code calls it.
///
/// axum finds the path by its literal segments, so its speed and its `MatchedPath` stay. The
/// patterns of axum cannot express a verb, `**` in a variable or two templates of one shape.
/// [`HttpPath::matcher`] then distinguishes the remaining bindings.
pub struct Routes<M> {
    config: ContractConfig,
    bindings: Vec<Binding<M>>,
}

impl<M: ContractMethod> Routes<M> {
    /// Creates an empty builder.
    #[must_use]
    pub fn new(config: ContractConfig) -> Self {
        Self {
            config,
            bindings: Vec::new(),
        }
    }

    /// Adds a unary method.
    pub fn unary<I, A, F, R>(&mut self, of: M, route: Route, method: F, write: fn(&A, &mut Encoder))
    where
        I: JsonMessage + WireMessage + Message + Default + Validate + 'static,
        A: Message + 'static,
        F: Fn(I) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Result<A, Error>> + Send + 'static,
    {
        self.add(of, route, move |request, captures, config| {
            let method = method.clone();
            async move {
                let (parts, body) = request.into_parts();
                let message =
                    request::read(&parts, body, route.body, captures, config.max_body_size).await?;
                let reply = around(&config, &parts.extensions, method(message)).await?;
                response::single(&parts.headers, &reply, route.whole_response, write)
            }
        });
    }

    /// Adds a method that streams responses.
    pub fn streaming<I, A, F, R>(
        &mut self,
        of: M,
        route: Route,
        method: F,
        write: fn(&A, &mut Encoder),
    ) where
        I: JsonMessage + WireMessage + Message + Default + Validate + 'static,
        A: Message + 'static,
        F: Fn(I) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Result<MessageStream<A>, Error>> + Send + 'static,
    {
        self.add(of, route, move |request, captures, config| {
            let method = method.clone();
            async move {
                let (parts, body) = request.into_parts();
                let message =
                    request::read(&parts, body, route.body, captures, config.max_body_size).await?;
                let responses = around(&config, &parts.extensions, method(message)).await?;
                Ok(stream::streaming(
                    &parts.headers,
                    responses,
                    write,
                    Arc::clone(&config.errors),
                ))
            }
        });
    }

    fn add<R>(
        &mut self,
        of: M,
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
            let response = call(request, captures, config.clone());
            Box::pin(async move {
                let mut response = response
                    .await
                    .unwrap_or_else(|error| config.rejection(error));
                let headers = response.headers_mut();
                headers.entry(header::CACHE_CONTROL).or_insert(NO_STORE);
                response
            })
        });
        self.bindings.push(Binding {
            of,
            method,
            template: route.template,
            call,
            config: self.config.clone(),
        });
    }

    /// Returns the routes for axum. They do not check access. They do not handle unknown paths.
    pub fn into_router(self) -> Router {
        self.into_paths()
            .into_iter()
            .fold(Router::new(), |router, path| {
                let (pattern, methods) = path.into_unguarded();
                router.route(&pattern, methods)
            })
    }

    /// Returns the routes as a list of paths, each with its bindings.
    #[must_use]
    pub fn into_paths(mut self) -> Vec<HttpPath<M>> {
        self.bindings
            .sort_by_key(|binding| std::cmp::Reverse(binding.template.weight()));
        let mut names = Names::default();
        let mut groups: BTreeMap<String, Vec<Binding<M>>> = BTreeMap::new();
        for binding in &self.bindings {
            for pattern in names.patterns(&binding.template) {
                groups.entry(pattern).or_default().push(binding.clone());
            }
        }
        let paths = groups.into_iter();
        paths
            .map(|(pattern, bindings)| HttpPath::new(pattern, bindings, self.config.clone()))
            .collect()
    }
}

impl ContractConfig {
    /// Returns an error as an HTTP response.
    #[must_use]
    pub fn rejection(&self, error: Error) -> Response<Body> {
        self.errors.http(self.errors.adapt(error))
    }
}

/// The names of parameters. axum requires one name per position: that of the first template.
#[derive(Default)]
struct Names(BTreeMap<String, String>);

impl Names {
    /// Returns the axum patterns of a template. There are several if `**` may match nothing.
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
