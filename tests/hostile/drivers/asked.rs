// The input of a client of the hostile kit: each line on standard input sends a request, ends one,
// or asks for the number of tasks.

use std::collections::HashMap;

use switchover_tokio::BoxError;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

/// Sends or cancels requests, or counts tasks, as each line of input says.
///
/// Prints the outcome of each request that is not cancelled, and the number of tasks if asked.
pub(crate) async fn by_lines<F>(
    ask: impl Fn(String, String, String, String) -> F,
) -> std::io::Result<()>
where
    F: Future<Output = Result<String, BoxError>> + Send + 'static,
{
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut asked = HashMap::<String, AbortHandle>::new();
    while let Some(line) = lines.next_line().await? {
        let words: Vec<String> = line.split(' ').map(Into::into).collect();
        let id = words[0].clone();
        match &words[1..] {
            [word] if word == "self" => {
                println!("{id} self {}", Handle::current().metrics().num_alive_tasks())
            }
            [method, port, offer, content] => {
                let asking = ask(method.clone(), port.clone(), offer.clone(), content.clone());
                let task = async move {
                    match asking.await {
                        Ok(outcome) => println!("{} {outcome}", words[0]),
                        Err(error) => {
                            println!("{} failed {}", words[0], error.to_string().replace('\n', " "))
                        }
                    }
                };
                asked.retain(|_, task| !task.is_finished());
                asked.insert(id, tokio::spawn(task).abort_handle());
            }
            _ => asked.remove(&id).map_or((), |task| task.abort()),
        }
    }
    Ok(())
}
