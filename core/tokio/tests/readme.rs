//! A test that the README shows the compiled examples and their numbers of lines.

#[test]
fn the_readme_shows_the_examples() {
    let readme = include_str!("../README.md");
    for example in
        [include_str!("../examples/tokio_server.rs"), include_str!("../examples/tokio_client.rs")]
    {
        assert!(
            readme.contains(&format!("```rust,no_run\n{example}```\n")),
            "it shows something else"
        );
    }
    let lines = |text: &str| text.lines().count();
    for (what, ours, hypers) in [
        (
            "server",
            include_str!("../examples/tokio_server.rs"),
            include_str!("../peers/examples/hyper_server.rs"),
        ),
        (
            "client",
            include_str!("../examples/tokio_client.rs"),
            include_str!("../peers/examples/hyper_client.rs"),
        ),
    ] {
        let row = format!("| {what} | {} | {} |\n", lines(ours), lines(hypers));
        assert!(readme.contains(&row), "it should say: {row}");
    }
}
