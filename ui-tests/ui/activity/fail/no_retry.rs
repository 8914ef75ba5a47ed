use duroxide::{ActivityContext, activity};

#[derive(Debug, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[error("declined")]
pub enum PaymentError {
    Declined,
    Busy,
}

#[activity(no_retry = PaymentError::Declined)]
async fn no_list(_ctx: &ActivityContext) -> Result<(), PaymentError> {
    Ok(())
}

#[activity(no_retry = [declined, _])]
async fn everything(_ctx: &ActivityContext) -> Result<(), PaymentError> {
    Ok(())
}

#[activity(no_retry = [PaymentError::Decline])]
async fn misspelt(_ctx: &ActivityContext) -> Result<(), PaymentError> {
    Ok(())
}

#[activity(no_retry = [PaymentError::Declined])]
async fn of_another_type(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

fn main() {}
