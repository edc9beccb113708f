//! An axum path with the bindings of a contract that share it, and the selection of a binding.

use std::{fmt, sync::Arc};

use axum::{
    extract::Request,
    http::{HeaderValue, Method, header},
    response::Response,
    routing::{MethodFilter, MethodRouter, any, on},
};
use seaworthy_core::{Code, Error};

use super::{route::Call, template::PathTemplate};
use crate::{ContractConfig, ContractMethod, error::reason};

/// The kind of a custom rule that allows any HTTP method.
const ANY: &str = "*";

/// One way to call a method of a contract over HTTP.
#[derive(Clone)]
pub struct Binding<M> {
    pub(super) of: M,
    pub(super) method: Method,
    pub(super) template: PathTemplate,
    pub(super) call: Call,
    pub(super) config: ContractConfig,
}

/// One axum path and the bindings that share it. They differ in HTTP method or custom verb, or have
/// templates that axum cannot distinguish.
pub struct HttpPath<M> {
    pattern: String,
    bindings: Arc<[Binding<M>]>,
    config: ContractConfig,
}

/// The result of matching a request with the bindings of an [`HttpPath`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BindingMatch {
    /// The binding with this index.
    Binding(usize),
    /// The path exists, but only for these HTTP methods.
    OtherMethods(Vec<Method>),
    /// No template matches the path.
    NoMatch,
}

impl<M: ContractMethod> Binding<M> {
    /// The method of the contract.
    pub fn method(&self) -> M {
        self.of
    }

    /// Returns the HTTP method. `*` is any method.
    #[must_use]
    pub fn http_method(&self) -> &Method {
        &self.method
    }

    /// The template as the contract has it, such as `/v1/orders/{id}:cancel`.
    #[must_use]
    pub fn template(&self) -> &'static str {
        self.template.text
    }

    /// Returns a handler for this binding only. It does not check access, and responds with 404 to
    /// a path that does not match the template.
    pub fn unguarded(&self) -> MethodRouter {
        let binding = self.clone();
        let serve = move |request: Request| {
            let binding = binding.clone();
            async move { binding.respond(request).await }
        };
        match MethodFilter::try_from(self.method.clone()) {
            Ok(methods) => on(methods, serve),
            // axum has no filter for methods that HTTP does not define.
            Err(_) => any(serve),
        }
    }

    async fn respond(&self, request: Request) -> Response {
        match self.template.capture(request.uri().path()) {
            Some(captures) => (self.call)(request, captures).await,
            None => self.config.rejection(not_found()),
        }
    }

    /// The handler of `GET` also responds to `HEAD`. The server omits the body.
    fn accepts(&self, method: &Method) -> bool {
        self.method == method
            || self.is_open()
            || (self.method == Method::GET && *method == Method::HEAD)
    }

    fn is_open(&self) -> bool {
        self.method.as_str() == ANY
    }
}

impl<M: ContractMethod> HttpPath<M> {
    /// `bindings` must be sorted by the weight of their templates, the heaviest first.
    pub(super) fn new(pattern: String, bindings: Vec<Binding<M>>, config: ContractConfig) -> Self {
        Self {
            pattern,
            bindings: bindings.into(),
            config,
        }
    }

    /// The path in axum's syntax.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// The bindings, in the order of their indexes in [`BindingMatch`].
    #[must_use]
    pub fn bindings(&self) -> &[Binding<M>] {
        &self.bindings
    }

    /// Returns a function that finds the binding for an HTTP method and a percent-encoded path.
    /// Access checks and dispatch both use this function, so that they cannot disagree.
    pub fn matcher(
        &self,
    ) -> impl Fn(&Method, &str) -> BindingMatch + Clone + Send + Sync + 'static {
        let bindings = Arc::clone(&self.bindings);
        move |method, path| find(&bindings, method, path)
    }

    /// Returns the pattern and a handler for a bare axum router. The handler does not check access.
    pub(super) fn into_unguarded(self) -> (String, MethodRouter) {
        let filter = filter(&self.bindings);
        let (bindings, config) = (self.bindings, self.config);
        let serve = move |request: Request| {
            let (bindings, config) = (Arc::clone(&bindings), config.clone());
            async move {
                let path = request.uri().path();
                let methods = match find(&bindings, request.method(), path) {
                    BindingMatch::Binding(index) => match bindings.get(index) {
                        Some(binding) => return binding.respond(request).await,
                        None => return config.rejection(not_found()),
                    },
                    BindingMatch::OtherMethods(methods) => methods,
                    BindingMatch::NoMatch => return config.rejection(not_found()),
                };
                other_methods(&config, &methods)
            }
        };
        let methods = match filter {
            Some(methods) => on(methods, serve.clone()).fallback(serve),
            None => any(serve),
        };
        (self.pattern, methods)
    }
}

fn find<M: ContractMethod>(bindings: &[Binding<M>], method: &Method, path: &str) -> BindingMatch {
    let mut others: Vec<Method> = Vec::new();
    let mut found = None;
    let mut has_verb = false;
    for (index, binding) in bindings.iter().enumerate() {
        if !binding.template.matches_path(path) {
            continue;
        }
        // Templates with a verb come first, so that a verb is not read as the end of an identifier.
        if has_verb && binding.template.verb.is_none() {
            break;
        }
        has_verb |= binding.template.verb.is_some();
        if binding.accepts(method) {
            // A rule for a specific HTTP method takes precedence over one for any method.
            if found.is_none() || !binding.is_open() {
                found = Some(index);
            }
            if !binding.is_open() {
                break;
            }
        } else if !others.contains(&binding.method) {
            others.push(binding.method.clone());
        }
    }
    match found {
        Some(index) => BindingMatch::Binding(index),
        None if others.is_empty() => BindingMatch::NoMatch,
        None => BindingMatch::OtherMethods(others),
    }
}

/// Returns the HTTP methods of some bindings. `None` if axum cannot represent one of them.
fn filter<M>(bindings: &[Binding<M>]) -> Option<MethodFilter> {
    bindings
        .iter()
        .map(|binding| MethodFilter::try_from(binding.method.clone()).ok())
        .reduce(|all, next| Some(all?.or(next?)))
        .flatten()
}

fn not_found() -> Error {
    Error::new(
        Code::NotFound,
        reason::ROUTE_NOT_FOUND,
        "no route matches this path",
    )
}

fn other_methods(config: &ContractConfig, methods: &[Method]) -> Response {
    let names: Vec<&str> = methods
        .iter()
        .flat_map(|method| match *method {
            Method::GET => vec!["GET", "HEAD"],
            ref other => vec![other.as_str()],
        })
        .collect();
    let mut response = config.rejection(Error::new(
        Code::MethodNotAllowed,
        reason::METHOD_NOT_ALLOWED,
        "the path does not support this method",
    ));
    if let Ok(value) = HeaderValue::from_str(&names.join(", ")) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}

impl<M: fmt::Debug> fmt::Debug for Binding<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Binding")
            .field("of", &self.of)
            .field("method", &self.method)
            .field("template", &self.template.text)
            .finish_non_exhaustive()
    }
}

impl<M: fmt::Debug> fmt::Debug for HttpPath<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HttpPath")
            .field("pattern", &self.pattern)
            .field("bindings", &self.bindings)
            .finish_non_exhaustive()
    }
}
