use axum::{body::Body, extract::Request, http::Method, routing::post};
use seaworthy_contract::{Contract, ContractMethod as _, http};
use seaworthy_core::Error;
use seaworthy_http::{RouteOptions, Routes, Variant, VariantMatch};
use tonic::{Response, Status, codegen::Service as _};

use crate::contract::{Order, OrdersService, OrdersServiceContract, orders_service_server};

/// Returns orders unchanged.
#[derive(Debug)]
pub(crate) struct Orders;

impl OrdersService for Orders {
    async fn echo(&self, order: Order) -> Result<Order, Error> {
        Ok(order)
    }
}

/// Returns orders unchanged, without a contract.
#[tonic::async_trait]
impl orders_service_server::OrdersService for Orders {
    async fn echo(&self, order: tonic::Request<Order>) -> Result<Response<Order>, Status> {
        Ok(Response::new(order.into_inner()))
    }
}

fn contract() -> OrdersServiceContract<Orders> {
    OrdersServiceContract::new(Orders)
}

/// Returns the HTTP routes of the contract, as `seaworthy-grpc` mounts them.
pub(crate) fn routes() -> Routes {
    let contract = contract();
    let options = RouteOptions::new().body_limit(contract.config().max_body_size);
    contract
        .paths()
        .into_iter()
        .fold(Routes::new(), |routes, path| {
            let matcher = path.matcher();
            let variants = path.bindings().iter().map(|binding| {
                Variant::new(binding.template(), binding.unguarded(), options.clone())
            });
            let matcher = move |method: &Method, path: &str| match matcher(method, path) {
                http::BindingMatch::Binding(index) => VariantMatch::Variant(index),
                http::BindingMatch::OtherMethods(methods) => VariantMatch::OtherMethods(methods),
                http::BindingMatch::NoMatch => VariantMatch::NoMatch,
            };
            routes.variants(path.pattern(), matcher, variants)
        })
}

/// Returns the gRPC methods of the contract, as `seaworthy-grpc` mounts them.
pub(crate) fn calls() -> Routes {
    type Served = OrdersServiceContract<Orders>;
    let service = contract().unguarded_grpc();
    <Served as Contract>::Method::ALL
        .iter()
        .fold(Routes::new(), |routes, method| {
            let service = service.clone();
            let handler = move |request: Request| {
                let mut service = service.clone();
                async move {
                    let Ok(response) = service.call(request).await;
                    response.map(Body::new)
                }
            };
            let path = method.description().grpc_path;
            routes.route_with(path, post(handler), RouteOptions::new())
        })
}
