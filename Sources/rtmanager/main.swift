import Commands

await EntryPoint.run(RootCommand.self)
