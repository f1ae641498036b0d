"""What each town is handed: its sheet, its rows of the score book, forms and a note, and nothing of anybody else's.

| what | where |
|---|---|
| one town's folder and archive, made in a process that holds that town's rows alone | town |
| reply and objection forms, and the sheet on which towns sign for what they got | forms |
| all towns of a period, whole or not at all, bound by manifest.json | packs |

A town's rows are cut out (`Assessment.for_town`) and their free text is masked before anything is made of them.
Nothing is imported here: a town's process begins with this package, and loads what it needs alone.
"""
