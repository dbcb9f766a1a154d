from caini.main import main

main()
