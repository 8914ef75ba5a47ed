use duroxide::{ActivityContext, activity};

struct Mailer {
    from: String,
}

impl Mailer {
    #[activity]
    async fn send(&self, _ctx: &ActivityContext, to: String) -> Result<String, String> {
        Ok(format!("{} {to}", self.from))
    }
}

fn main() {}
