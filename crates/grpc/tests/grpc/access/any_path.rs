//! No request runs a method for a caller without the declared access.

use proptest::prelude::*;
use seaworthy_contract::ContractMethod as _;
use tokio::runtime::Runtime;

use crate::access::{
    app::{Caller, TestApp, send},
    orders::OrdersMethod,
};

/// Generates targets near the contract's templates, with escapes and any byte that a request line
/// admits.
fn target() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        6 => prop::sample::select(&[
            "v1", "orders", "any", "files", "trash", "cancellations", "audit", "7", "7:cancel",
            "7:watch", "7:purge", "7%3Acancel", "7%3acancel", "7:%63ancel", "7:cancel:cancel",
            ":cancel", "", ".", "..", "%2e%2e", "%2F", "7%00:cancel", "7;a=b:cancel", "%ff",
            "7:cancel%20", "7:CANCEL", "7:cancel?x", "7?:cancel", "7#:cancel",
        ][..]).prop_map(str::to_owned),
        1 => "[!-~]{0,5}",
    ];
    let tail = prop::collection::vec(part, 0..4).prop_map(|parts| parts.join("/"));
    (
        prop::sample::select(
            &[
                "/v1/orders/",
                "/v1/any/",
                "/v1/files/",
                "/v1/cancellations/",
                "/v1/",
                "/",
            ][..],
        ),
        tail,
    )
        .prop_map(|(head, tail)| format!("{head}{tail}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn any_request_runs_only_permitted_methods_auth_5(
        requests in prop::collection::vec(
            (target(), "GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|CANCEL|BREW|cancel", prop::sample::select(&Caller::ALL[..])),
            64,
        ),
    ) {
        let runtime = Runtime::new().unwrap();
        let app = runtime.block_on(TestApp::of_contract());
        for (target, verb, caller) in requests {
            let answer = send(app.http(), &verb, &target, caller, "");
            if let Some(name) = answer.method() {
                let mut methods = OrdersMethod::ALL.iter();
                let method = methods.find(|method| method.description().name == name).unwrap();
                prop_assert_eq!(caller.expected(*method), 200, "{} {} {:?}", verb, target, caller);
            }
        }
    }
}
