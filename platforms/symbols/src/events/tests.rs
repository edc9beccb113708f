use prost::Message as _;
use prost_types::Timestamp;

use super::{SymbolCreated, SymbolDeleted};

/// The time 1700000000.123456789 s after 1970-01-01T00:00:00Z.
const MOMENT: Timestamp = Timestamp {
    seconds: 1_700_000_000,
    nanos: 123_456_789,
};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn created_event_has_bytes_of_the_contract_msg_6() {
    let event = SymbolCreated {
        id: 42,
        project_id: 7,
        uid: "1b4e28ba-2fa1-4d1c-883f-0016d3cca427".to_owned(),
        label: "Hero".to_owned(),
        class_name: "c-hero".to_owned(),
        component_target: "page".to_owned(),
        version: 1,
        created_at: Some(MOMENT),
    };
    assert_eq!(
        hex(&event.encode_to_vec()),
        "082a10071a2431623465323862612d326661312d346431632d383833662d30303136643363636134323722044865726f2a06632d6865726f3204706167653801420b0880e2cfaa0610959aef3a"
    );
}

#[test]
fn deleted_event_has_bytes_of_the_contract_msg_6() {
    let event = SymbolDeleted {
        id: 42,
        project_id: 7,
        uid: "1b4e28ba-2fa1-4d1c-883f-0016d3cca427".to_owned(),
        deleted_at: Some(MOMENT),
    };
    assert_eq!(
        hex(&event.encode_to_vec()),
        "082a10071a2431623465323862612d326661312d346431632d383833662d303031366433636361343237220b0880e2cfaa0610959aef3a"
    );
}
