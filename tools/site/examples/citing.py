from lrguide.citing import read_entries

for entry in read_entries()[:3]:
    print(entry.key, entry.fields['title'].strip('{}'))
