use std::sync::Arc;

use axum::response::IntoResponse as _;
use seaworthy_config::{Profile, Settings};
use seaworthy_contract::{Contract, ContractConfig};
use seaworthy_http::{RouteOptions, Routes};
use seaworthy_service::{Assembly, StartError};

use crate::{
    document, health,
    methods::{self, methods},
    reflection,
};

/// The contracts that a service offers.
#[derive(Debug, Default)]
#[must_use = "contracts do nothing until they are served"]
pub struct Contracts {
    routes: Routes,
    calls: Routes,
    names: Vec<&'static str>,
    descriptors: Vec<&'static [u8]>,
    documents: Vec<&'static str>,
    config: Option<ContractConfig>,
}

impl Contracts {
    /// No contracts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a contract. The form of the first one's errors is also that of what is refused before a contract is reached.
    pub fn with<C: Contract>(mut self, contract: C) -> Self {
        let config = contract.config().clone();
        // The contract limits bodies itself, in its own form of errors.
        let options = RouteOptions::new().body_limit(config.body_limit);
        for (path, methods) in contract.routes() {
            self.routes = self.routes.route_with(&path, methods, options.clone());
        }
        self.documents.push(C::OPENAPI);
        self.config.get_or_insert(config);
        self.call(contract, RouteOptions::new())
    }

    fn call<C: Contract>(mut self, contract: C, options: RouteOptions) -> Self {
        self.calls = self.calls.merge(methods(&contract, options));
        self.names.push(C::NAME);
        self.descriptors.push(C::DESCRIPTORS);
        self
    }

    /// Serves them on both transports, with the standard health service. In development and tests clients may also read the OpenAPI document, at `/openapi.json` and
    /// as a page at `/docs`, and ask for reflection, which `server.grpc.reflection` decides elsewhere.
    ///
    /// # Errors
    /// The contracts were compiled apart and would have two documents, or their descriptors cannot be read.
    pub fn serve<C: Settings>(mut self, service: &Assembly<C>) -> Result<(), StartError> {
        let is_development = matches!(service.profile(), Profile::Development | Profile::Test);
        if is_development {
            self.routes = self.routes.merge(document::routes(&self.documents)?);
        }
        let (status, listening) = health::follow(service.health());
        service.component(listening);
        let standard = health::contract(status, &self.names);
        self = self.call(standard, health::options());
        let settings = service.framework().server.grpc.clone().unwrap_or_default();
        if settings.reflection.unwrap_or(is_development) {
            self.calls = self.calls.merge(reflection::calls(&self.descriptors)?);
        }
        service.http(self.routes);
        service.grpc(self.calls);
        if let Some(config) = self.config {
            let for_calls = config.clone();
            service.errors(
                Arc::new(move |error| config.refusal(error).into_response()),
                Arc::new(move |error| methods::refusal(&for_calls, error)),
            );
        }
        Ok(())
    }
}
