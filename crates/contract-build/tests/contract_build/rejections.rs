//! Each option of a contract is implemented or rejected with its place. None is ignored.

#![expect(
    clippy::unwrap_used,
    reason = "what a test cannot unwrap has failed it"
)]

use std::fs;

use seaworthy_contract_build::{Access, BuildError, Builder};

const HEAD: &str = r#"syntax = "proto3";
package t.v1;
import "google/api/annotations.proto";
import "google/protobuf/any.proto";
import "buf/validate/validate.proto";
import "validate/validate.proto";
import "seaworthy/access.proto";
"#;

const PUBLIC: &str = "option (seaworthy.access).callers = PUBLIC;";

/// Compiles a contract. Its lines follow a header of seven lines.
fn compile(body: &str) -> Result<(), BuildError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.proto");
    fs::write(&file, format!("{HEAD}{body}")).unwrap();
    Builder::new("T", "1")
        .out_dir(folder.path())
        .compile(&[&file], &[folder.path()])
}

fn rejection(body: &str) -> String {
    compile(body).unwrap_err().to_string()
}

fn method(rule: &str) -> String {
    format!(
        "service S {{\n  rpc M(R) returns (R) {{ option (google.api.http) = {{ {rule} }}; {PUBLIC} }}\n}}\nmessage R {{ string id = 1; repeated string tags = 2; R inner = 3; map<string, string> map = 4; }}\n"
    )
}

#[test]
fn rejects_unsupported_rules_with_location_api_3() {
    for (field, part) in [
        (
            r#"string a = 1 [(buf.validate.field).cel = { expression: "true" }];"#,
            "`cel` is not supported",
        ),
        (
            r#"string a = 1 [(buf.validate.field).required = true, (validate.rules).int32.gt = 0];"#,
            "`int32` rules on a field that takes `string` rules",
        ),
        (
            r#"bytes a = 1 [(validate.rules).bytes.pattern = "x"];"#,
            "`bytes.pattern` is not supported",
        ),
        (
            r#"string a = 1 [(validate.rules).string = { well_known_regex: HTTP_HEADER_VALUE, strict: false }];"#,
            "`string.strict` is not supported",
        ),
        (
            r#"string a = 1 [(validate.rules).message.required = true];"#,
            "`message` rules on a field that takes `string` rules",
        ),
        (
            r#"map<string, string> a = 1 [(validate.rules).map.no_sparse = true];"#,
            "`map.no_sparse` is not supported",
        ),
        (
            r#"string a = 1 [(validate.rules).string.pattern = "("];"#,
            "the pattern cannot be used",
        ),
        (
            r#"int32 a = 1 [(validate.rules).int32 = { gt: 9, lt: 1 }];"#,
            "lower bound above the upper one",
        ),
        (
            r#"repeated double a = 1 [(buf.validate.field).repeated.unique = true];"#,
            "unique on floats",
        ),
    ] {
        let error = rejection(&format!("message M {{\n  {field}\n}}\n"));
        assert!(error.contains("t.proto:9:3: "), "{error}");
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn rejects_unsupported_message_rules_with_location_api_3() {
    let error = rejection(
        "message M {\n  option (buf.validate.message).cel = { expression: \"true\" };\n  string a = 1;\n}\n",
    );
    assert!(error.contains("t.proto:8:1: "), "{error}");
    assert!(error.contains("`cel` is not supported"), "{error}");
    let error = rejection(
        "message M {\n  option (buf.validate.message).oneof = { fields: \"b\" };\n  string a = 1;\n}\n",
    );
    assert!(
        error.contains("`b`, which is not a field of `M`"),
        "{error}"
    );
}

#[test]
fn rejects_unknown_rules_with_location_api_3() {
    let error =
        rejection("message M {\n  string a = 1 [(validate.rules).string.colour = true];\n}\n");
    assert!(error.contains("t.proto:9:"), "{error}");
    assert!(error.contains("colour"), "{error}");
}

#[test]
fn rejects_invalid_paths_with_location_api_1() {
    for (rule, part) in [
        (r#"get: "/v1/{nothing}""#, "`nothing` is not a field of `R`"),
        (
            r#"get: "/v1/{inner.nothing}""#,
            "`nothing` is not a field of `R`",
        ),
        (r#"get: "/v1/{tags}""#, "`tags` is repeated"),
        (
            r#"get: "/v1/{inner}""#,
            "`inner` cannot be written in a path",
        ),
        (r#"get: "/v1/{id.x}""#, "`id` has no fields"),
        (
            &format!(r#"get: "/v1/{{{}id}}""#, "inner.".repeat(32)),
            "more than 32 names",
        ),
        (r#"get: "v1""#, "must begin with `/`"),
        (r#"get: "/v1/{id=**}/x""#, "`**` must be the last"),
        (
            r#"post: "/v1" body: "nothing""#,
            "the body `nothing` is not a field",
        ),
        (r#"get: "/v1" body: "*""#, "GET has no body"),
        (
            r#"get: "/v1" response_body: "nothing""#,
            "the response body `nothing` is not a field",
        ),
        (r#"body: "*""#, "no method and path"),
        (
            r#"custom { kind: "A B" path: "/v1" }"#,
            "`A B` is not an HTTP method",
        ),
        (
            r#"get: "/v1/{id}" additional_bindings { get: "/v1/{inner.id}" }"#,
            "GET /v1/{inner.id} is already used by `M`",
        ),
    ] {
        let error = rejection(&method(rule));
        assert!(error.contains("t.proto:9:3: "), "{error}");
        assert!(error.contains(part), "{error}");
    }
    compile(&method(r#"get: "/v1/{id}""#)).unwrap();
    let deepest = format!(r#"get: "/v1/{{{}id}}""#, "inner.".repeat(31));
    compile(&method(&deepest)).unwrap();
    compile(&method(r#"custom { kind: "*" path: "/v1/{id}" }"#)).unwrap();
}

#[test]
fn one_build_reports_every_problem_api_3() {
    let error = rejection(
        "message M {\n  string a = 1 [(buf.validate.field).cel = {}];\n  string b = 2 [(validate.rules).string.pattern = \"(\"];\n}\n",
    );
    assert!(error.contains("t.proto:9:3"), "{error}");
    assert!(error.contains("t.proto:10:3"), "{error}");
}

#[test]
fn rejects_types_without_json_or_http_form_api_1() {
    let any = "service S { rpc M(R) returns (R) { option (google.api.http).get = \"/v1\"; option (seaworthy.access).callers = PUBLIC; } }\nmessage R { Inner inner = 1; }\nmessage Inner { google.protobuf.Any any = 1; }\n";
    assert!(rejection(any).contains("google.protobuf.Any"));
    let streamed = "service S { rpc M(stream R) returns (R) { option (google.api.http).get = \"/v1\"; } }\nmessage R {}\n";
    assert!(rejection(streamed).contains("streams its requests"));
    let grpc_only = "service S { rpc M(R) returns (R) { option (seaworthy.access).callers = PUBLIC; } }\nmessage R { google.protobuf.Any any = 1; }\n";
    compile(grpc_only).unwrap();
}

#[test]
fn error_names_missing_or_malformed_file_api_1() {
    let missing = Builder::new("T", "1")
        .out_dir(".")
        .compile(&["nowhere.proto"], &["."])
        .unwrap_err();
    assert!(missing.to_string().contains("nowhere.proto"), "{missing}");
    let broken = rejection("message {");
    assert!(broken.contains("t.proto:8:"), "{broken}");
}

/// Returns a contract with one method. The last line of `options` is on the line of `rpc`.
fn access(options: &str) -> String {
    format!("service S {{\n  rpc M(R) returns (R) {{ {options} }}\n}}\nmessage R {{}}\n")
}

#[test]
fn missing_access_fails_build_with_location_auth_5() {
    for body in [
        access(""),
        "service S {\n  rpc M(R) returns (R);\n}\nmessage R {}\n".to_owned(),
    ] {
        let error = rejection(&body);
        assert!(
            error.contains("t.proto:9:3: `M` does not declare who may call it"),
            "{error}"
        );
        assert!(error.contains("seaworthy/access.proto"), "{error}");
    }
}

#[test]
fn contradictory_access_fails_build_with_location_auth_5() {
    for (option, part) in [
        ("= {}", "neither callers nor roles nor scopes"),
        (
            ".callers = CALLERS_UNSPECIFIED",
            "neither callers nor roles nor scopes",
        ),
        (
            r#"= {callers: PUBLIC, any_of_roles: ["admin"]}"#,
            "PUBLIC allows anonymous callers",
        ),
        (
            r#"= {callers: OPTIONAL, all_of_scopes: ["a"]}"#,
            "OPTIONAL allows anonymous callers",
        ),
        (
            r#"= {any_of_roles: ["admin", "admin"]}"#,
            r#"the role "admin" is named twice"#,
        ),
        (r#"= {any_of_roles: [""]}"#, r#""" is not a valid role"#),
        (
            r#"= {any_of_roles: [" admin"]}"#,
            r#"" admin" is not a valid role"#,
        ),
        (
            r#"= {all_of_scopes: ["a b"]}"#,
            r#""a b" is not a valid scope"#,
        ),
        (r#"= {all_of_scopes: ["a\\"]}"#, "is not a valid scope"),
    ] {
        let error = rejection(&access(
            &format!("option (seaworthy.access) {option};").replace(") .", ")."),
        ));
        assert!(
            error.contains("t.proto:9:3: seaworthy.access of `M`: "),
            "{error}"
        );
        assert!(error.contains(part), "{error}");
    }
    for option in [
        ".callers = PUBLIC",
        ".callers = OPTIONAL",
        ".callers = AUTHENTICATED",
        r#".any_of_roles = "admin""#,
        r#" = {callers: AUTHENTICATED, any_of_roles: ["a b", "c"], all_of_scopes: ["x:y", "z"]}"#,
    ] {
        compile(&access(&format!("option (seaworthy.access){option};"))).unwrap();
    }
}

#[test]
fn unknown_member_of_access_fails_build_auth_5() {
    let error = rejection(&access("option (seaworthy.access).roles = \"admin\";"));
    assert!(error.contains("t.proto:9:"), "{error}");
    let error = rejection(&access("option (seaworthy.access).callers = NOBODY;"));
    assert!(error.contains("t.proto:9:"), "{error}");
}

fn compile_with(body: &str, declared: &[(&str, Access)]) -> Result<(), BuildError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.proto");
    fs::write(&file, format!("{HEAD}{body}")).unwrap();
    let builder = Builder::new("T", "1").out_dir(folder.path());
    let builder = declared.iter().fold(builder, |builder, (method, access)| {
        builder.access(*method, access.clone())
    });
    builder.compile(&[&file], &[folder.path()])
}

#[test]
fn access_in_the_build_script_matches_one_method_auth_5() {
    let open = access("");
    let declared = access(PUBLIC);
    compile_with(&open, &[("t.v1.S.M", Access::authenticated())]).unwrap();
    for (body, methods, part) in [
        (
            &open,
            vec!["t.v1.S.M", "t.v1.S.N"],
            "build script: Builder::access names `t.v1.S.N`",
        ),
        (&open, vec!["S.M"], "t.proto:9:3: `M` does not declare"),
        (
            &open,
            vec!["t.v1.S.M", "t.v1.S.M"],
            "declares `t.v1.S.M` twice",
        ),
        (
            &declared,
            vec!["t.v1.S.M"],
            "t.proto:9:3: `M` declares who may call it here and in",
        ),
    ] {
        let methods: Vec<_> = methods
            .into_iter()
            .map(|name| (name, Access::Public))
            .collect();
        let error = compile_with(body, &methods).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn only_named_methods_have_no_idempotency_key_api_6() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.proto");
    let body = r#"
service S {
  rpc M(R) returns (R) {
    option (seaworthy.access).callers = PUBLIC;
    option (google.api.http) = {post: "/v1/m" body: "*"};
  }
  rpc N(R) returns (R) {
    option (seaworthy.access).callers = PUBLIC;
    option (google.api.http) = {post: "/v1/n" body: "*"};
  }
}
message R { string id = 1; }
"#;
    fs::write(&file, format!("{HEAD}{body}")).unwrap();
    let compile = |method: &str| {
        let builder = Builder::new("T", "1").idempotency_keys(true);
        let builder = builder.without_idempotency_key(method);
        let builder = builder.out_dir(folder.path());
        builder.compile(&[&file], &[folder.path()])
    };
    compile("t.v1.S.N").unwrap();
    let document = fs::read_to_string(folder.path().join("openapi.json")).unwrap();
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let parameters = |path: &str| document["paths"][path]["post"]["parameters"].to_string();
    assert!(
        parameters("/v1/m").contains("Idempotency-Key"),
        "{document}"
    );
    assert!(
        !parameters("/v1/n").contains("Idempotency-Key"),
        "{document}"
    );
    let error = compile("S.N").unwrap_err().to_string();
    let part = "Builder::without_idempotency_key names `S.N`";
    assert!(error.contains(part), "{error}");
}

/// A contract without access declarations, with a rule that servers cannot check.
const FOREIGN: &str = r#"
service S {
  rpc M(R) returns (R) { option (google.api.http).get = "/v1/m"; }
}
message R { string id = 1 [(buf.validate.field).cel = { expression: "true" }]; }
"#;

#[test]
fn client_only_contract_needs_no_access_auth_5() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.proto");
    fs::write(&file, format!("{HEAD}{FOREIGN}")).unwrap();
    let builder = Builder::new("T", "1")
        .out_dir(folder.path())
        .client_only(true);
    builder.compile(&[&file], &[folder.path()]).unwrap();
    let code = fs::read_to_string(folder.path().join("t.v1.rs")).unwrap();
    assert!(code.contains("pub struct SClient<T>"), "{code}");
    assert!(
        !code.contains("s_server") && !code.contains("SContract"),
        "{code}"
    );
    let modules = fs::read_to_string(folder.path().join("contract.rs")).unwrap();
    assert!(
        modules.contains("DESCRIPTORS") && !modules.contains("OPENAPI"),
        "{modules}"
    );
    let error = builder
        .access("t.v1.S.M", Access::Public)
        .compile(&[&file], &[folder.path()])
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("client_only does not generate a server"),
        "{error}"
    );
}
