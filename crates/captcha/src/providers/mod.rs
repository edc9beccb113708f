//! Providers that send codes by SMS.

mod msg91;
mod sms_gateway;

pub use msg91::Msg91;
pub use sms_gateway::{SmsGateway, SmsGatewayConfig};
