//! Providers that send codes by SMS.

mod msg91;
mod sms_config;
mod sms_gateway;
mod sms_senders;

pub use msg91::Msg91;
pub use sms_config::{SmsConfig, SmsProvider};
pub use sms_gateway::{SmsGateway, SmsGatewayConfig};
pub use sms_senders::SmsSenders;
