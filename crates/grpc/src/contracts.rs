use std::{fmt, sync::Arc};

use axum::{Extension, response::IntoResponse as _, routing::MethodRouter};
use http::Method;
use seaworthy_config::{Profile, Settings};
use seaworthy_contract::{
    Contract, ContractConfig, ContractMethod, UnsafeCall,
    http::{Binding, BindingMatch, HttpPath},
    idempotency::{IdempotencyConfig, IdempotencyLayer, IdempotencyStore},
};
use seaworthy_http::{RouteOptions, Routes, Variant, VariantMatch};
use seaworthy_service::{Assembly, StartError, Tasks};

use crate::{
    MethodOptions,
    described_methods::{safe_methods, streaming_methods},
    health,
    methods::{self, methods},
    reflection,
};

/// The task name of calls with an `Idempotency-Key`.
const KEYED_CALL: &str = "call with an Idempotency-Key";

/// The contracts of a service.
#[derive(Debug, Default)]
#[must_use = "contracts do nothing until they are served"]
pub struct Contracts {
    paths: Vec<Mounted>,
    calls: Routes,
    names: Vec<&'static str>,
    descriptors: Vec<&'static [u8]>,
    documents: Vec<&'static str>,
    document: Option<&'static str>,
    config: Option<ContractConfig>,
    keys: Option<Keys>,
}

/// The store and the settings of idempotency keys.
struct Keys(IdempotencyConfig, Arc<dyn IdempotencyStore>);

impl Keys {
    fn layer(&self, contract: &ContractConfig, tasks: &Tasks) -> IdempotencyLayer {
        let Self(config, store) = self;
        let config = IdempotencyConfig {
            errors: Arc::clone(&contract.errors),
            max_request_size: contract.max_body_size,
            ..config.clone()
        };
        let tasks = tasks.clone();
        // A stop waits for these tasks, because they may commit changes.
        let spawn = move |call| drop(tasks.spawn(KEYED_CALL, call));
        IdempotencyLayer::new(config, Arc::clone(store), spawn)
    }
}

type Matcher = Box<dyn Fn(&Method, &str) -> VariantMatch + Send + Sync>;

/// One path of a contract, with its bindings and the options of their methods.
struct Mounted {
    pattern: String,
    matcher: Matcher,
    bindings: Vec<Bound>,
    config: ContractConfig,
}

struct Bound {
    template: &'static str,
    methods: MethodRouter,
    options: RouteOptions,
    accepts_idempotency_keys: bool,
}

impl Mounted {
    fn new<M: ContractMethod>(
        path: &HttpPath<M>,
        config: &ContractConfig,
        options: impl Fn(M) -> MethodOptions,
    ) -> Self {
        let matcher = path.matcher();
        let bindings = path.bindings().iter().map(|binding| {
            let options = options(binding.method());
            let methods = binding.unguarded();
            let methods = match options.is_safe() || config.around.is_none() {
                true => methods,
                false => methods.layer(Extension(UnsafeCall(binding.method().description()))),
            };
            Bound {
                template: binding.template(),
                methods,
                accepts_idempotency_keys: options.accepts_idempotency_keys(),
                options: options.for_routes(binding.method(), config.max_body_size),
            }
        });
        Self {
            pattern: path.pattern().to_owned(),
            matcher: Box::new(move |method, path| match matcher(method, path) {
                BindingMatch::Binding(index) => VariantMatch::Variant(index),
                BindingMatch::OtherMethods(methods) => VariantMatch::OtherMethods(methods),
                BindingMatch::NoMatch => VariantMatch::NoMatch,
            }),
            bindings: bindings.collect(),
            config: config.clone(),
        }
    }
}

impl fmt::Debug for Mounted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Mounted")
            .field("pattern", &self.pattern)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Contracts {
    /// Creates an empty list of contracts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a contract. The contract declares who may call each of its methods, on both transports.
    /// Requests that are rejected before they reach a contract use the error format of the first
    /// contract.
    pub fn with<C: Contract>(self, contract: C) -> Self {
        self.with_options(contract, |_| MethodOptions::new())
    }

    /// Adds a contract and sets the options of its methods on both transports. `options` is called
    /// once for every method, and is a `match` over the enum that the contract generates.
    pub fn with_options<C: Contract>(
        mut self,
        contract: C,
        options: impl Fn(C::Method) -> MethodOptions,
    ) -> Self {
        let config = contract.config().clone();
        let paths = contract.paths();
        let options = declared::<C>(&paths, options);
        let mounted = paths.iter();
        self.paths
            .extend(mounted.map(|path| Mounted::new(path, &config, &options)));
        self.documents.push(C::OPENAPI);
        self.config.get_or_insert(config);
        self.call(contract, options)
    }

    /// Adds a contract that is served over gRPC only. Its document, which has no routes, is
    /// omitted.
    pub fn with_calls<C: Contract>(self, contract: C) -> Self {
        self.call(contract, declared::<C>(&[], |_| MethodOptions::new()))
    }

    /// Responds to repeats of unsafe HTTP calls with an `Idempotency-Key` from `store` (API-6).
    /// Rejections have the error format of each contract. Methods with
    /// `idempotency_level = NO_SIDE_EFFECTS` ignore the header. Exclude methods with secrets by
    /// [`MethodOptions::without_idempotency_key`].
    pub fn idempotency_keys(
        mut self,
        config: IdempotencyConfig,
        store: impl IdempotencyStore,
    ) -> Self {
        self.keys = Some(Keys(config, Arc::new(store)));
        self
    }

    /// Replaces the OpenAPI document, for services with hand-written routes.
    pub fn document(mut self, openapi: &'static str) -> Self {
        self.document = Some(openapi);
        self
    }

    /// Returns the OpenAPI document. `None` without contracts.
    ///
    /// # Errors
    /// The contracts have several documents.
    fn described(&self) -> Result<Option<&'static str>, StartError> {
        if self.document.is_some() {
            return Ok(self.document);
        }
        let Some((document, others)) = self.documents.split_first() else {
            return Ok(None);
        };
        // Contracts that were compiled together have the same document.
        if others.iter().any(|other| other != document) {
            return Err(StartError::new(
                "the contracts have several OpenAPI documents: compile them in one call of the builder, or set Contracts::document",
            ));
        }
        Ok(Some(document))
    }

    fn http(&mut self, tasks: &Tasks) -> Routes {
        let keys = self.keys.take();
        let mounted = std::mem::take(&mut self.paths).into_iter();
        mounted.fold(Routes::new(), |routes, path| {
            let keys = keys.as_ref().map(|keys| keys.layer(&path.config, tasks));
            let variants = path.bindings.into_iter().map(|binding| {
                let methods = match &keys {
                    Some(keys) if binding.accepts_idempotency_keys => {
                        binding.methods.layer(keys.clone())
                    }
                    _ => binding.methods,
                };
                Variant::new(binding.template, methods, binding.options)
            });
            routes.variants(&path.pattern, path.matcher, variants)
        })
    }

    fn call<C: Contract>(
        mut self,
        contract: C,
        options: impl Fn(C::Method) -> MethodOptions,
    ) -> Self {
        self.calls = self.calls.merge(methods(&contract, options));
        self.names.push(C::NAME);
        self.descriptors.push(C::DESCRIPTORS);
        self
    }

    /// Serves the contracts on both transports, with the standard health service. In the profiles
    /// `development` and `test` clients can also read the OpenAPI document, at `/openapi.json` and
    /// as a page at `/docs`, and use reflection. In other profiles `api_document` serves the
    /// document, and `server.grpc.reflection` enables reflection.
    ///
    /// # Errors
    /// The contracts were compiled separately, so they have two documents, or their descriptors
    /// cannot be read.
    pub fn serve<C: Settings>(mut self, service: &Assembly<C>) -> Result<(), StartError> {
        let routes = self.http(service.tasks());
        let is_development = matches!(service.profile(), Profile::Development | Profile::Test);
        if let Some(document) = self.described()? {
            service.document(document);
        }
        let (status, listening) = health::follow(service.health());
        service.component(listening);
        let standard = health::contract(status, &self.names);
        self = self.call(standard, health::options);
        let settings = service.framework().server.grpc.clone().unwrap_or_default();
        if settings.reflection.unwrap_or(is_development) {
            self.calls = self.calls.merge(reflection::calls(&self.descriptors)?);
        }
        service.http(routes);
        service.grpc(self.calls);
        if let Some(config) = self.config {
            let for_calls = config.clone();
            service.error_renderers(
                Arc::new(move |error| config.rejection(error).into_response()),
                Arc::new(move |error| methods::rejection(&for_calls, error)),
            );
        }
        Ok(())
    }
}

/// Adds to the options of methods what the descriptors and the served paths of their contract
/// declare.
fn declared<C: Contract>(
    paths: &[HttpPath<C::Method>],
    options: impl Fn(C::Method) -> MethodOptions,
) -> impl Fn(C::Method) -> MethodOptions {
    let safe = safe_methods(C::DESCRIPTORS);
    let (reads, writes) = http_methods(paths);
    let streaming = streaming_methods(C::DESCRIPTORS);
    let templates = templates(paths);
    move |method| {
        let path = method.description().grpc_path;
        // A flag that governs a method on one transport governs it on both.
        let of_method = templates.iter().filter(|(of, _)| *of == path);
        let names = of_method.map(|(_, name)| name.clone());
        let mut options = options(method).names(names.chain([format!("POST {path}")]));
        if safe.contains(path) {
            // A stored response to a read would be out of date.
            options = options.without_idempotency_key().safe();
        }
        if reads.contains(&path) && !writes.contains(&path) {
            options = options.safe();
        }
        if streaming.contains(path) {
            options = options.streams_response();
        }
        options
    }
}

/// Returns the HTTP method and the template of each binding, by the path of its gRPC method.
fn templates<M: ContractMethod>(paths: &[HttpPath<M>]) -> Vec<(&'static str, String)> {
    let bindings = paths.iter().flat_map(HttpPath::bindings);
    let named = bindings.map(|binding| {
        let name = format!("{} {}", binding.http_method(), binding.template());
        (binding.method().description().grpc_path, name)
    });
    named.collect()
}

/// Returns the methods, as `/package.Service/Method`, that HTTP calls by safe methods, and those
/// that it calls by other ones.
fn http_methods<M: ContractMethod>(
    paths: &[HttpPath<M>],
) -> (Vec<&'static str>, Vec<&'static str>) {
    let (reads, writes): (Vec<_>, Vec<_>) = paths
        .iter()
        .flat_map(HttpPath::bindings)
        .partition(|binding| binding.http_method().is_safe());
    let names = |bindings: Vec<&Binding<M>>| {
        let names = bindings.into_iter();
        names
            .map(|binding| binding.method().description().grpc_path)
            .collect()
    };
    (names(reads), names(writes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_two_documents_unless_replaced_api_4() {
        let of = |documents: &[&'static str]| Contracts {
            documents: documents.to_vec(),
            ..Contracts::new()
        };
        assert_eq!(of(&["{}", "{}"]).described().unwrap(), Some("{}"));
        assert_eq!(of(&[]).described().unwrap(), None);
        let apart = of(&["{}", "{\"openapi\":1}"]);
        assert!(apart.described().is_err());
        assert_eq!(apart.document("[]").described().unwrap(), Some("[]"));
    }
}
